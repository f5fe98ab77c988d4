"""One run at a time for a stream."""

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from psycopg_pool import ConnectionPool

from extract.errors import Exit, LeaseHeldError
from extract.lease import Leases
from extract.pipeline import IfHeld
from extract.run_record import RunResult
from extract.settings import LeaseSettings
from tests.extract.fake_api import FakeApi, order

NAME = "smartpizza/orders/"


@pytest.fixture
def other(pool: ConnectionPool) -> Leases:
    """Leases of another run."""
    return Leases(pool, uuid4(), LeaseSettings(seconds=30))


def test_a_second_run_leaves_at_once_and_names_the_holder(
    other: Leases, extract: Callable[..., RunResult], elt_database: Any
) -> None:
    other.take(NAME)
    api = FakeApi(orders=[order(1)], branches=[{"branch_id": 1}])
    started = time.monotonic()
    result = extract(api, "branches", "orders")
    assert time.monotonic() - started < 2
    assert result.exit_code == Exit.LEASE_HELD
    assert "is being extracted by" in str(result.error)
    assert "pid" in str(result.error)
    assert api.requests == [], "it began work that it could not finish"
    with elt_database.connect("admin") as admin:
        assert admin.execute("select status, exit_code from ops.runs").fetchone() == ("failed", 76)


def test_skip_leaves_the_held_stream_and_does_the_others(
    other: Leases, extract: Callable[..., RunResult]
) -> None:
    other.take(NAME)
    api = FakeApi(orders=[order(1)], branches=[{"branch_id": 1}])
    result = extract(api, "branches", "orders", if_held=IfHeld.SKIP)
    assert (result.status, result.exit_code, result.skipped) == ("done", 0, ["orders"])
    assert [stream.stream for stream in result.streams] == ["branches"]
    only = extract(api, "orders", if_held=IfHeld.SKIP)
    assert (only.status, only.exit_code) == ("skipped", 0)


def test_a_released_lease_is_free_at_once_and_its_token_grows(other: Leases, pool: ConnectionPool) -> None:
    first = other.take(NAME)
    other.release(first)
    second = Leases(pool, uuid4(), LeaseSettings()).take(NAME)
    assert second.token == first.token + 1


def test_a_dead_holders_lease_expires_by_itself(pool: ConnectionPool) -> None:
    dead = Leases(pool, uuid4(), LeaseSettings(seconds=0.3, heartbeat_seconds=0.1)).take(NAME)
    late = Leases(pool, uuid4(), LeaseSettings())
    with pytest.raises(LeaseHeldError):
        late.take(NAME)
    time.sleep(0.35)
    assert late.take(NAME).token == dead.token + 1


def test_a_living_holder_keeps_its_lease_beyond_its_term(pool: ConnectionPool) -> None:
    living = Leases(pool, uuid4(), LeaseSettings(seconds=0.4, heartbeat_seconds=0.1))
    with living.kept():
        lease = living.take(NAME)
        time.sleep(0.8)
        with pytest.raises(LeaseHeldError):
            Leases(pool, uuid4(), LeaseSettings()).take(NAME)
        living.assert_held(lease)
    Leases(pool, uuid4(), LeaseSettings()).take(NAME)


def test_a_lease_that_a_signal_kept_from_being_noted_outlives_its_run(
    other: Leases, pool: ConnectionPool
) -> None:
    with other.kept():
        other.take(NAME)
        other._held.clear()
    Leases(pool, uuid4(), LeaseSettings()).take(NAME)


def test_a_holder_learns_that_it_was_replaced(pool: ConnectionPool, elt_database: Any) -> None:
    slow = Leases(pool, uuid4(), LeaseSettings(seconds=0.4, heartbeat_seconds=0.1))
    with slow.kept():
        lease = slow.take(NAME)
        with elt_database.connect("admin", autocommit=True) as admin:
            admin.execute("update ops.leases set token = token + 1, holder = 'another'")
        time.sleep(0.3)
        with pytest.raises(LeaseHeldError, match="taken over"):
            slow.assert_held(lease)

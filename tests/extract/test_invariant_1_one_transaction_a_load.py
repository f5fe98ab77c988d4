"""Invariant 1: rows, position, dead letters and ledger row commit together or not at all."""

import random
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from extract.pipeline import run_source
from extract.settings import load_settings
from extract.sources import all_sources
from sandbox.smartpizza import Config, RunningApi, serve
from tests.extract.commit_eater import commit_eater
from tests.extract.conftest import Command
from tests.halting import HALTED, PLACES, WAITS, go_on, halted, wait_for

ORDERS_A_LOAD = 60
PAGE = 20
ORDERS = ("smartpizza", "--stream", "orders")


@pytest.fixture(scope="module")
def api() -> Iterator[RunningApi]:
    with serve(Config(branches=3, days=3, orders_per_day=40, seed=7)) as running:
        yield running


@pytest.fixture
def orders(command: Command, api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("SMARTPIZZA_TOKEN", api.token)
    command.configure(
        f"""
        [run]
        pages_ahead = 1
        [load]
        max_rows = {ORDERS_A_LOAD + PAGE}
        [sources.smartpizza]
        base_url = "{api.url}"
        page_size = {PAGE}
        """
    )
    return command


def halted_at(database: Any, place: str) -> Any:
    """A run halts at `place` of its third load, or of its last where only that one comes there."""
    connect = partial(database.connect, "admin", autocommit=True)
    return halted(connect, place, loads_before=0 if place == "at the watermark" else 2)


@pytest.mark.parametrize("place", PLACES)
def test_a_kill_loses_and_doubles_nothing(
    place: str, orders: Command, elt_database: Any, api: RunningApi, pool: ConnectionPool
) -> None:
    with halted_at(elt_database, place) as admin:
        with orders.started("run", *ORDERS) as process:
            wait_for(admin, HALTED)
            process.kill()
            process.wait()
        go_on(admin)
    finish(pool, elt_database, orders)
    assert_exact(elt_database, api)


@pytest.mark.parametrize("place", PLACES)
def test_a_lost_connection_ends_the_run_or_doubles_its_load(
    place: str, orders: Command, elt_database: Any, api: RunningApi
) -> None:
    with halted_at(elt_database, place) as admin, orders.started("run", *ORDERS) as process:
        wait_for(admin, HALTED)
        admin.execute(f"select pg_terminate_backend(pid) from pg_locks where {WAITS}")
        wait_for(admin, HALTED)
        admin.execute("select pg_advisory_unlock_all()")
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
        assert "database_lost" in out
    assert_exact(elt_database, api)


def test_a_commit_whose_answer_is_lost_is_done_twice(
    orders: Command, elt_database: Any, api: RunningApi
) -> None:
    with (
        commit_eater(int(elt_database.env()["PGPORT"]), {2, 5, 6}) as port,
        orders.started("run", *ORDERS, PGHOST="127.0.0.1", PGPORT=str(port)) as process,
    ):
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out.count("database_lost") == 2, "5 and 6 are of one load, lost twice in a row"
    assert_exact(elt_database, api)


def test_a_database_that_stays_away_is_75_and_the_next_run_goes_on(
    orders: Command, elt_database: Any, api: RunningApi, pool: ConnectionPool
) -> None:
    orders.configure((orders.folder / "extract.toml").read_text() + "\n[database]\nreturn_seconds = 0")
    with (
        halted_at(elt_database, "in the middle of the COPY") as admin,
        psycopg.connect(elt_database.server.conninfo("postgres"), autocommit=True) as server,
    ):
        with orders.started("run", *ORDERS) as process:
            wait_for(admin, HALTED)
            server.execute(f"alter database {elt_database.name} with allow_connections false")
            admin.execute(f"select pg_terminate_backend(pid) from pg_locks where {WAITS}")
            _, err = process.communicate(timeout=30)
        server.execute(f"alter database {elt_database.name} with allow_connections true")
        go_on(admin)
        assert process.returncode == 75
        assert len(err.splitlines()) == 1, err
    finish(pool, elt_database, orders)
    assert_exact(elt_database, api)


def test_kills_at_random_lose_and_double_nothing(
    orders: Command, elt_database: Any, api: RunningApi, pool: ConnectionPool
) -> None:
    chance = random.Random(20260316)
    for _ in range(3):
        with orders.started("run", "smartpizza", "--stream", "orders") as process:
            with elt_database.connect("admin", autocommit=True) as admin:
                wait_for(admin, "select 1 from ops.runs where status = 'running'", process)
            time.sleep(chance.uniform(0.0, 0.15))
            process.kill()
            process.wait()
        expire(elt_database)
    finish(pool, elt_database, orders)
    assert_exact(elt_database, api)


def finish(pool: ConnectionPool, database: Any, orders: Command) -> None:
    """Lets the dead run's lease expire and runs to the end."""
    expire(database)
    source = all_sources()["smartpizza"]
    settings = load_settings(orders.folder / "extract.toml")
    done = run_source(pool, settings, source, [source.stream("orders")])
    assert done.error is None


def expire(database: Any) -> None:
    with database.connect("admin", autocommit=True) as admin:
        admin.execute("update ops.leases set expires_at = clock_timestamp()")
        admin.execute("update ops.runs set status = 'failed' where status = 'running'")


def assert_exact(database: Any, api: RunningApi) -> None:
    served = {
        (order["order_id"], order["version"]) for order in api.records("/v1/orders", include_deleted="true")
    }
    with database.connect("admin", autocommit=True) as admin:
        (first_sweep,) = row(admin, "select min(sweep_id) from ops.sweeps")
        rows = admin.execute(
            """
            select record ->> 'order_id', (record ->> 'version')::int
            from raw.smartpizza__orders join ops.loads using (load_id) where sweep_id = %s
            """,
            [first_sweep],
        ).fetchall()
        assert len(rows) == len(set(rows)), "a record was loaded twice"
        assert set(rows) == served
        orphans = row(
            admin,
            "select count(*) from raw.smartpizza__orders"
            " where load_id not in (select load_id from ops.loads)",
        )
        assert orphans == (0,)
        counts = row(
            admin,
            """
            select s.status, s.served, s.records, sum(l.records)::bigint,
                count(*) filter (where l.finishes_sweep)
            from ops.sweeps s join ops.loads l using (sweep_id) where sweep_id = %s group by sweep_id
            """,
            [first_sweep],
        )
        assert counts == ("finished", len(served), len(served), len(served), 1)


def row(connection: Any, query: str, values: list[Any] | None = None) -> tuple[Any, ...]:
    found = connection.execute(query, values).fetchone()
    assert found is not None
    return tuple(found)

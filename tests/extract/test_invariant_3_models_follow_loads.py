"""Invariant 3, extraction's part: the commit order has no gaps that fill later."""

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest
from psycopg_pool import ConnectionPool

from extract import ledger
from extract.database import open_pool
from extract.lease import Lease, Leases
from extract.ledger import Position, Sweep
from extract.load import Load, LoadedPage
from extract.loader import Loader
from extract.run_record import RunResult
from extract.settings import DatabaseSettings, LeaseSettings
from tests.extract.fake_api import FakeApi, order

WRITERS = 6
LOADS_A_WRITER = 25


@pytest.fixture
def big_pool(elt_database: Any) -> Any:
    settings = DatabaseSettings(attempts=1, pool_size=WRITERS + 2)
    with open_pool(settings, elt_database.conninfo("extractor")) as opened:
        yield opened


def test_orders_become_visible_without_gaps_that_fill_later(
    big_pool: ConnectionPool, elt_database: Any
) -> None:
    """Writers commit at once, some roll back after they took their place; a reader looks on all the while."""
    run_id = uuid4()
    with elt_database.connect("admin", autocommit=True) as admin:
        ledger.start_run(admin, run_id, "smartpizza", "run")
        admin.execute(
            """
            create function refuse() returns trigger language plpgsql as $$
            begin
                perform pg_sleep(random() * 0.004);
                if new.load_id % 7 = 0 then raise exception 'refused'; end if;
                return new;
            end $$;
            create constraint trigger refuse after insert on ops.loads deferrable initially deferred
            for each row execute function refuse()
            """
        )
    leases = Leases(big_pool, run_id, LeaseSettings())
    threads = [
        threading.Thread(target=_write, args=(big_pool, leases, run_id, number)) for number in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    snapshots = []
    with elt_database.connect("admin", autocommit=True) as reader:
        while any(thread.is_alive() for thread in threads):
            snapshots.append(
                {row[0] for row in reader.execute("select load_order from ops.loads").fetchall()}
            )
        final = {row[0] for row in reader.execute("select load_order from ops.loads").fetchall()}
    assert len(final) > WRITERS * LOADS_A_WRITER * 0.7
    assert len(final) < WRITERS * LOADS_A_WRITER, "no load was rolled back: the test shows nothing"
    seen = [snapshot for snapshot in snapshots if snapshot]
    assert len({max(snapshot) for snapshot in seen}) > 10, "the reader saw too little"
    for snapshot in seen:
        late = {order for order in final if order <= max(snapshot)} - snapshot
        assert not late, f"orders {late} appeared after {max(snapshot)} was visible"


def _write(pool: ConnectionPool, leases: Leases, run_id: UUID, number: int) -> None:
    chance = random.Random(number)
    shard = f"{number}/{WRITERS}"
    lease = leases.take(ledger.lease_name("smartpizza", "orders", shard))
    with pool.connection() as connection:
        sweep = ledger.begin_sweep(
            connection, run_id, source="smartpizza", stream="orders", kind="incremental", since=None
        )
    loader = Loader(pool)
    for _ in range(LOADS_A_WRITER):
        time.sleep(chance.uniform(0, 0.003))
        try:
            loader.commit(one_record(run_id, sweep), lease)
        except psycopg.errors.RaiseException:
            continue


def one_record(run_id: UUID, sweep: Sweep, record: bytes = b'{"order_id": "a"}') -> Load:
    page = LoadedPage(1, [msgspec.Raw(record)], len(record), datetime.now(UTC), None)
    return Load(run_id, sweep, "smartpizza__orders", None, [page], Position(), None, finishes=False)


def test_a_sweep_with_nothing_new_still_takes_its_place(
    extract: Callable[..., RunResult], elt_database: Any
) -> None:
    api = FakeApi(orders=[order(1)])
    extract(api)
    api.lists["/v1/orders"] = []
    extract(api)
    with elt_database.connect("admin") as admin:
        loads = admin.execute("select records, finishes_sweep from ops.loads order by load_order").fetchall()
    assert loads == [(1, True), (0, True)]


def test_a_load_whose_lease_was_taken_over_is_refused(pool: ConnectionPool, elt_database: Any) -> None:
    run_id = uuid4()
    with elt_database.connect("admin", autocommit=True) as admin:
        ledger.start_run(admin, run_id, "smartpizza", "run")
        sweep = ledger.begin_sweep(
            admin, run_id, source="smartpizza", stream="orders", kind="incremental", since=None
        )
        old = Leases(pool, run_id, LeaseSettings()).take(sweep.name)
        admin.execute("update ops.leases set expires_at = clock_timestamp()")
        new = Leases(pool, run_id, LeaseSettings()).take(sweep.name)
        assert new.token > old.token
        with pytest.raises(Exception, match="taken over"):
            Loader(pool).commit(one_record(run_id, sweep), old)
        Loader(pool).commit(one_record(run_id, sweep), Lease(sweep.name, new.token))
        assert admin.execute("select count(*) from raw.smartpizza__orders").fetchone() == (1,)
        assert admin.execute("select count(*), sum(records) from ops.loads").fetchone() == (1, 1)

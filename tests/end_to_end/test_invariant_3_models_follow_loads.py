"""Invariant 3, the models' part: a build among loads that commit in every order misses and doubles nothing."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from sandbox.smartpizza import Config, Rates
from tests.end_to_end.company import Company
from tests.end_to_end.loads import Loads, loads_of

WRITERS = 4
ORDERS_AND_DAYS = (
    "base_smartpizza__orders",
    "stg_smartpizza__orders",
    "int_orders_deduplicated",
    "int_orders_summarized",
    "fct_orders",
    "fct_branch_daily_sales",
)
CONFIG = Config(
    branches=2,
    days=1,
    orders_per_day=20,
    seed=3,
    rates=Rates(late=0.05, tombstone=0.1, double_submission=0.1, cancelled=0.1, refunded=0.2),
)
Records = list[dict[str, Any]]


class RolledBackError(Exception):
    """A load that fails after its rows are written."""


@pytest.mark.timeout(400)
def test_a_build_amid_loads_misses_nothing_and_doubles_nothing(
    company_of: Callable[[Config], Company],
) -> None:
    """Versions come out of order and twice; loads overlap, some roll back; one spans a whole build."""
    company = company_of(CONFIG)
    company.load()
    company.build()
    versions = versions_of_days(company, days=4)
    chance = random.Random(11)
    held_back, rest = versions[:5], versions[5:]
    batches = list(cut(shuffled(chance, rest + chance.sample(rest, len(rest) // 3)), chance))
    assert len(batches) > 40

    let_go, written, ended = threading.Event(), threading.Event(), threading.Event()
    with loads_of(company, WRITERS + 3) as loads, ThreadPoolExecutor(WRITERS + 1) as pool:
        held = pool.submit(commit_when_told, loads, held_back, written, let_go)
        assert written.wait(30)
        chances = [random.Random(number) for number in range(WRITERS)]
        writers = [
            pool.submit(write, loads, batches[number::WRITERS], chances[number], ended)
            for number in range(WRITERS)
        ]
        try:
            build(company)
            assert not held.done(), "the load that was to span the build has ended"
            build(company)
        finally:
            let_go.set()
            ended.set()
        finish(held, *writers)
    build(company)

    assert_base_is_raw(company)
    assert_newest_versions_are_in_the_mart(company, versions)
    assert_loads_committed_during_builds(company)
    company.snapshot(ORDERS_AND_DAYS[-2:])
    build(company, "--full-refresh")
    assert company.differences(ORDERS_AND_DAYS[-2:]) == {}


def build(company: Company, *arguments: str) -> None:
    company.dbt(
        "build", "--quiet", "--indirect-selection", "buildable", *arguments,
        "--select", *ORDERS_AND_DAYS,
        "--exclude", "tag:nightly", "resource_type:unit_test",
    )  # fmt: skip


def versions_of_days(company: Company, days: int) -> Records:
    """What the API serves of orders on each of the coming days, older versions included."""
    versions = {}
    for _ in range(days):
        since = company.api.now
        company.api.advance(days=1)
        for record in company.api.records("/v1/orders", updated_since=since, include_deleted="true"):
            versions[record["order_id"], record["version"]] = record
    return list(versions.values())


def shuffled(chance: random.Random, records: Records) -> Records:
    return chance.sample(records, len(records))


def cut(records: Records, chance: random.Random) -> Iterator[Records]:
    """Batches of 1 to 7 records."""
    while records:
        size = chance.randint(1, 7)
        yield records[:size]
        records = records[size:]


def commit_when_told(
    loads: Loads, records: Records, written: threading.Event, let_go: threading.Event
) -> None:
    def wait() -> None:
        written.set()
        if not let_go.wait(100):
            raise TimeoutError("nobody let the load go")

    loads.commit("orders", records, before_commit=wait)


def write(loads: Loads, batches: list[Records], chance: random.Random, ended: threading.Event) -> None:
    """Commits the batches, and copies of them until the builds have ended; one load in five fails at first."""

    def wait() -> None:
        ended.wait(chance.uniform(0, 2))
        if chance.random() < 0.2:
            raise RolledBackError

    rest = list(batches)
    while rest or not ended.is_set():
        batch = rest[0] if rest else chance.choice(batches)
        with suppress(RolledBackError):
            loads.commit("orders", batch, before_commit=wait)
            rest = rest[1:]
        ended.wait(chance.uniform(0, 1))


def finish(*futures: Future[None]) -> None:
    for future in futures:
        future.result(timeout=60)


def assert_loads_committed_during_builds(company: Company) -> None:
    during = company.query(
        """
        select (
            select count(*) from ops.loads
            where committed_at between builds.started_at and builds.ended_at and load_order > builds.load_order
        )
        from ops.builds as builds
        order by builds.started_at
        offset 1 limit 2
        """
    )
    assert all(loads > 0 for (loads,) in during), f"loads that committed during each build: {during}"
    overtaken = company.scalar(
        """
        select count(*) from ops.loads as early
        where exists (
            select 1 from ops.loads as late where late.load_id > early.load_id and late.load_order < early.load_order
        )
        """
    )
    assert overtaken > 3, "loads committed in the order in which they began: the test shows nothing"


def assert_base_is_raw(company: Company) -> None:
    raw = """
        select loads.load_order, records.load_position, records.record ->> 'order_id' as order_id
        from raw.smartpizza__orders as records
        inner join ops.loads as loads on records.load_id = loads.load_id
    """
    base = "select load_order, load_position, order_id from base.base_smartpizza__orders"
    assert company.query(f"({raw}) except all ({base})") == [], "base lacks records"
    assert company.query(f"({base}) except all ({raw})") == [], (
        "base has records that raw has not, or has them twice"
    )


def assert_newest_versions_are_in_the_mart(company: Company, versions: Records) -> None:
    """By the records themselves, not by what SQL says of them."""
    newest = {}
    for record in sorted(versions, key=lambda record: record["version"]):
        newest[record["order_id"]] = record
    expected = {key: record["version"] for key, record in newest.items() if not record.get("deleted")}
    assert len(expected) < len(newest) < len(versions), "no order was deleted, or none has changed"
    found = company.query(
        "select order_id, version from marts.fct_orders where order_id = any(%s)", list(newest)
    )
    assert len(found) == len(dict(found))
    assert dict(found) == expected
    assert company.scalar("select count(*) = count(distinct order_id) from marts.fct_orders")

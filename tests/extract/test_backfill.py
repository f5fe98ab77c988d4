"""Backfill: windows on a grid, read beside the ordinary runs by any number of processes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg_pool import ConnectionPool

from extract.backfill import plan, read_option, read_shard, windows, without
from extract.cursor import parse_time
from extract.errors import ConfigurationError, Exit
from extract.pipeline import backfill_source
from extract.run_record import RunResult
from extract.settings import Settings
from extract.sources import all_sources
from extract.window import Window
from tests.extract.conftest import Command
from tests.extract.fake_api import FakeApi, answer, order

BEGIN = datetime(2026, 3, 16, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2020, 1, 20), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda time: time.replace(microsecond=0)
)


def covered(parts: list[Window]) -> set[tuple[datetime, datetime]]:
    return {(parse_time(part.since), parse_time(part.until)) for part in parts}


@given(TIMES, TIMES, st.integers(1, 100))
def test_windows_leave_a_hole_or_overlap(a: datetime, b: datetime, hours: int) -> None:
    begin, end = sorted((a, b))
    cut = windows(begin, end, timedelta(hours=hours))
    at = begin
    for window in cut:
        assert parse_time(window.since) == at
        at = parse_time(window.until)
        assert parse_time(window.since) < at
    assert at == end or not cut


@given(TIMES, TIMES, st.lists(st.tuples(TIMES, TIMES), max_size=6))
def test_a_finished_range_is_read_again_or_a_missing_one_is_not(
    a: datetime, b: datetime, finished: list[tuple[datetime, datetime]]
) -> None:
    begin, end = sorted((a, b))
    if begin == end:
        return
    done = [sorted(pair) for pair in finished]
    names = [Window(x.isoformat(), y.isoformat()) for x, y in done]
    left = covered(without(Window(begin.isoformat(), end.isoformat()), names))
    moment = begin
    while moment < end:
        is_left = any(since <= moment < until for since, until in left)
        is_done = any(since <= moment < until for since, until in done)
        assert is_left != is_done
        moment += timedelta(hours=7)


def test_a_time_without_a_zone_is_taken_for_some_zone() -> None:
    assert read_option("2026-03-01", "--from") == datetime(2026, 3, 1, tzinfo=UTC)
    assert read_option("2026-03-01T02:00:00+02:00", "--from") == datetime(2026, 3, 1, tzinfo=UTC)
    for text in ("2026-03-01T00:00:00", "yesterday", "2026-02-30", ""):
        with pytest.raises(ConfigurationError, match="--from"):
            read_option(text, "--from")


@pytest.mark.parametrize("text", ["4/4", "1", "a/b", "-1/4", "1/0", "0/", "٣/٤"])
def test_a_shard_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--shard"):
        read_shard(text)


@pytest.fixture
def fill(pool: ConnectionPool, make_settings: Callable[..., Settings]) -> Callable[..., RunResult]:
    """Reads four hours of orders in windows of one hour."""

    def run(api: FakeApi, *, hours: int = 4, **options: Any) -> RunResult:
        source = all_sources()["smartpizza"]
        with pool.connection() as connection:
            works = plan(
                connection,
                source,
                source.settings(),
                [source.stream("orders")],
                begin=BEGIN,
                end=BEGIN + hours * HOUR,
                width=HOUR,
                **options,
            )
        settings = make_settings(run={"parallel": 2, "pages_ahead": 1})
        return backfill_source(pool, settings, source, works, transport=api)

    return run


@pytest.fixture
def ids(elt_database: Any) -> Callable[[], list[str]]:
    """Order ids in raw, doubles included."""

    def read() -> list[str]:
        with elt_database.connect("admin") as admin:
            rows = admin.execute(
                "select record ->> 'order_id' from raw.smartpizza__orders order by 1"
            ).fetchall()
        return [row[0] for row in rows]

    return read


ORDERS = [order(number, minute=number) for number in range(300)]
FOUR_HOURS = [f"order-{number:06}" for number in range(240)]


def known_until_15() -> FakeApi:
    api = FakeApi(orders=ORDERS)
    api.as_of = "2026-03-16T15:00:00.000Z"
    return api


def test_a_backfill_moves_the_cursor_or_brings_what_lies_outside(
    fill: Callable[..., RunResult], ids: Any, elt_database: Any
) -> None:
    result = fill(known_until_15())
    assert (result.status, result.error) == ("done", None)
    assert ids() == FOUR_HOURS, "records of a window's last page that belong to the next one came too"
    with elt_database.connect("admin") as admin:
        assert admin.execute("select count(*) from ops.cursors").fetchone() == (0,)
        sweeps = admin.execute(
            "select kind, status, count(*), sum(records)::int from ops.sweeps group by 1, 2"
        ).fetchall()
        assert sweeps == [("backfill", "finished", 4, 240)]


def test_a_finished_window_is_asked_for_again(fill: Callable[..., RunResult], ids: Any) -> None:
    fill(known_until_15(), shard=(1, 2))
    assert ids() == FOUR_HOURS[60:120] + FOUR_HOURS[180:240]
    second = known_until_15()
    fill(second)
    assert ids() == FOUR_HOURS
    third = known_until_15()
    assert fill(third).status == "done"
    assert third.requests == []
    fill(third, again=True)
    assert len(ids()) == 480


def test_a_backfill_that_failed_begins_anew_instead_of_going_on(
    fill: Callable[..., RunResult], ids: Any
) -> None:
    api = known_until_15()
    api.planned = [None] * 4 + [lambda _: answer(b"{}", status=500)] * 6
    assert fill(api).exit_code == Exit.UNREACHABLE
    before = len(ids())
    assert 0 < before < 240
    again = known_until_15()
    assert fill(again).exit_code == 0
    assert ids() == FOUR_HOURS
    assert len(again.requests) < 28, "pages that were committed were asked for again"


def test_a_window_beyond_what_the_api_knows_counts_as_finished(
    fill: Callable[..., RunResult], elt_database: Any
) -> None:
    result = fill(known_until_15(), hours=6)
    assert result.exit_code == Exit.CONFIGURATION
    assert "only up to 2026-03-16T15:00:00.000Z" in str(result.error)


def test_a_dry_run_asks_the_api(command: Command, elt_database: Any) -> None:
    command.configure('[sources.smartpizza]\nbase_url = "http://127.0.0.1:9"')
    arguments = ("backfill", "smartpizza", "--from", "2026-03-01", "--to", "2026-03-03", "--dry-run")
    done = command.run(*arguments, "--stream", "orders")
    assert done.returncode == 0, done.stderr
    assert "smartpizza.orders: 2 windows, at least 2 requests" in done.stdout
    assert "2026-03-02T00:00:00.000Z" in done.stdout
    with elt_database.connect("admin") as admin:
        assert admin.execute("select count(*) from ops.sweeps").fetchone() == (0,)
    refused = command.run(*arguments, "--stream", "branches")
    assert refused.returncode == Exit.CONFIGURATION
    assert "always served whole or by ids" in refused.stderr

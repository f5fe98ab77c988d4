"""Eight runs of one stream, a backfill in four shards and builds, all at once, round after round."""

from datetime import UTC, datetime, timedelta

from sandbox.bulk import BulkConfig
from tests.chaos.lab import ORDERS, Figures, Lab, lab

RUNS = 8
SHARDS = 4
ORDERS_A_MINUTE = 240
CONFIG = """
[load]
max_rows = 600
"""


def run(*, rounds: int) -> Figures:
    """In each round the API has a quarter of an hour more, which all of them are after."""
    winners = losers = 0
    with lab(BulkConfig(records=0)) as here:
        here.configure(CONFIG, page_size=200)
        here.dbt("run", "--select", "base_smartpizza__orders")
        for number in range(1, rounds + 1):
            here.api.change(records=number * 15 * ORDERS_A_MINUTE)
            codes = _round(here, number)
            winners += codes.count(0)
            losers += codes.count(76)
            assert codes.count(0) >= 1, "nobody won"
            assert codes.count(0) + codes.count(76) == RUNS, codes
        here.dbt("run", "--select", "base_smartpizza__orders")
        assert_exact(here)
    return {
        "rounds": f"{rounds} of {RUNS} runs, {SHARDS} shards of a backfill and a build",
        "winners, losers": f"{winners}, {losers}; no two at once on one lease",
        "doubled in a load or a sweep": "0",
        "missed or doubled by a build": "0",
    }


def _round(here: Lab, number: int) -> list[int]:
    """All at once; the exit codes of the runs."""
    begin = datetime(2026, 3, 16, tzinfo=UTC)
    # The API vouches for what lies before its newest record.
    end = begin + timedelta(minutes=15 * number, seconds=-1)
    window = ("--from", begin.isoformat(), "--to", end.isoformat(), "--window", "1")
    build = here.start_dbt("run", "--select", "base_smartpizza__orders")
    fills = [
        here.start("backfill", "smartpizza", "--stream", "orders", *window, "--shard", f"{shard}/{SHARDS}")
        for shard in range(SHARDS)
    ]
    runs = [here.start("run", *ORDERS) for _ in range(RUNS)]
    codes = []
    for process in runs:
        process.communicate(timeout=300)
        codes.append(process.returncode)
    for process in (*fills, build):
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, out + err
    return codes


def assert_exact(here: Lab) -> None:
    """By leases, by sweeps, by loads and by what the model has taken."""
    overlapping = """
        select count(*) from ops.sweeps as one inner join ops.sweeps as other
            on one.source = other.source and one.stream = other.stream and one.shard = other.shard
            and one.sweep_id < other.sweep_id
            and tstzrange(one.started_at, one.ended_at) && tstzrange(other.started_at, other.ended_at)
    """
    assert here.scalar(overlapping) == 0, "two swept under one lease"
    twice = """
        select count(*) from (
            select 1 from raw.smartpizza__orders inner join ops.loads using (load_id)
            group by sweep_id, record ->> 'order_id' having count(*) > 1
        ) as doubled
    """
    assert here.scalar(twice) == 0, "a sweep loaded a record twice"
    here.assert_books_balance()
    # The backfill and the runs both bring a record; the next sweep begins with the last one's boundary.
    missed = """
        select count(*) from (
            (select load_order, load_position from raw.smartpizza__orders inner join ops.loads using (load_id)
            except all select load_order, load_position from base.base_smartpizza__orders)
            union all
            (select load_order, load_position from base.base_smartpizza__orders
            except all
            select load_order, load_position from raw.smartpizza__orders inner join ops.loads using (load_id))
        ) as differences
    """
    assert here.scalar(missed) == 0, "a build missed or doubled rows"
    ids = here.scalar("select count(distinct order_id) from base.base_smartpizza__orders")
    assert ids == here.api.config.records

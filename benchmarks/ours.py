"""Our own way: `extract` from HTTP, with ledger, dead letters and all."""

import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from benchmarks.contestant import Cost
from benchmarks.ground import TABLE, Ground
from benchmarks.measure import measured
from sandbox.bulk.orders import ORDERS_AN_INSTANT, instant

EXTRACT = (sys.executable, "-m", "extract")
_ORDERS = ("smartpizza", "--stream", "orders")


def one_stream(ground: Ground, records: int) -> Cost:
    """`extract run`; its seconds are those of the run, by its own account."""
    return _loaded(ground, records, (*EXTRACT, "run", *_ORDERS))


def side_by_side(number: int) -> Callable[[Ground, int], Cost]:
    """A way of running: `extract backfill`, so many windows at a time in one process."""

    def run(ground: Ground, records: int) -> Cost:
        # The API vouches for what lies before its newest orders.
        ground.api.change(records=records + ORDERS_AN_INSTANT)
        begin, end = (datetime.fromtimestamp(instant(each) / 1000, UTC) for each in (0, records))
        hours = max(1, round((end - begin) / timedelta(hours=1) / (4 * number)))
        span = ("--from", begin.isoformat(), "--to", end.isoformat(), "--window", str(hours))
        sections = f"[run]\nparallel = {number}\n[database]\npool_size = {number + 4}\n"
        return _loaded(ground, records, (*EXTRACT, "backfill", *_ORDERS, *span), sections)

    return run


def _loaded(ground: Ground, records: int, command: Sequence[str], sections: str = "") -> Cost:
    config = ground.folder / "extract.toml"
    config.write_text(f'{sections}[sources.smartpizza]\nbase_url = "{ground.api.url}"\n')
    with ground.database() as database:
        env = ground.env(database, "extractor") | {
            "EXTRACT_CONFIG": str(config),
            "SMARTPIZZA_TOKEN": ground.api.token,
        }
        used = measured(command, env=env)
        if (found := ground.count(database, "raw", TABLE)) != records:
            raise AssertionError(f"raw holds {found} rows of {records}")
    seconds = float(json.loads(used.outputs[0].strip().splitlines()[-1])["seconds"])
    return Cost(seconds, used.wall_seconds, used.cpu_seconds, used.peak_bytes)

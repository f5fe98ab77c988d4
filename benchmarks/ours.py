"""Our own way: `extract` from HTTP, with ledger, dead letters and all."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from benchmarks.contestant import Cost, LeftOutError
from benchmarks.ground import TABLE, Ground
from benchmarks.measure import ROOT, measured
from sandbox.bulk.orders import instant

EXTRACT = (sys.executable, "-m", "extract")
_ORDERS = ("smartpizza", "--stream", "orders")


def one_stream(ground: Ground, records: int) -> Cost:
    """`extract run`; its seconds are those of the sweep, by its own account."""
    return _loaded(ground, records, [(*EXTRACT, "run", *_ORDERS)])


def in_shards(number: int) -> Callable[[Ground, int], Cost]:
    """A way of running: `extract backfill` in so many shards side by side, a process each."""

    def run(ground: Ground, records: int) -> Cost:
        if not _has_backfill():
            raise LeftOutError("there is no `extract backfill` yet")
        end = datetime.fromtimestamp(instant(records - 1) / 1000, UTC) + timedelta(seconds=1)
        span = ("--from", _text(datetime.fromtimestamp(instant(0) / 1000, UTC)), "--to", _text(end))
        shards = [
            (*EXTRACT, "backfill", *_ORDERS, *span, "--shard", f"{i + 1}/{number}") for i in range(number)
        ]
        return _loaded(ground, records, shards)

    return run


@cache
def _has_backfill() -> bool:
    command = [*EXTRACT, "backfill", "--help"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0  # noqa: S603 - ours


def _loaded(ground: Ground, records: int, commands: Sequence[Sequence[str]]) -> Cost:
    config = ground.folder / "extract.toml"
    config.write_text(f'[sources.smartpizza]\nbase_url = "{ground.api.url}"\n')
    with ground.database() as database:
        env = ground.env(database, "extractor") | {
            "EXTRACT_CONFIG": str(config),
            "SMARTPIZZA_TOKEN": ground.api.token,
        }
        used = measured(*commands, env=env)
        if (found := ground.count(database, "raw", TABLE)) != records:
            raise AssertionError(f"raw holds {found} rows of {records}")
    seconds = max(_seconds(output) for output in used.outputs)
    return Cost(seconds, used.wall_seconds, used.cpu_seconds, used.peak_bytes)


def _seconds(output: str) -> float:
    """Seconds of the streams of a run, from its last line."""
    ended = json.loads(output.strip().splitlines()[-1])
    return sum(float(stream["seconds"]) for stream in ended["streams"])


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

"""The least that a client does: the difference to ours is what ledger, dead letters, resuming and drift cost."""

import json
import sys

import psycopg

from benchmarks.contestant import Cost
from benchmarks.ground import TABLE, Ground
from benchmarks.measure import measured
from extract.copy_rows import COLUMNS


def least(ground: Ground, records: int) -> Cost:
    """`benchmarks.bare`; its seconds are those of the loading, by its own account."""
    into = f"copy raw.{TABLE} ({', '.join(COLUMNS)}) from stdin"
    command = [sys.executable, "-m", "benchmarks.bare", into, ground.api.url]
    with ground.database() as database:
        with psycopg.connect(ground.conninfo(database)) as connection:
            connection.execute("select ops.ensure_partition(%s, current_date)", [TABLE])
        env = ground.env(database, "extractor") | {"SMARTPIZZA_TOKEN": ground.api.token}
        used = measured(command, env=env)
        if (found := ground.count(database, "raw", TABLE)) != records:
            raise AssertionError(f"the bare client took {found} of {records} rows")
    seconds = float(json.loads(used.outputs[0])["seconds"])
    return Cost(seconds, used.wall_seconds, used.cpu_seconds, used.peak_bytes)

"""The limit: the same bytes from a file, by `psql \\copy`, into the same kind of table."""

import shutil
import sys

import psycopg

from benchmarks.contestant import Cost
from benchmarks.ground import TABLE, Ground
from benchmarks.measure import measured
from extract.copy_rows import COLUMNS

PSQL = shutil.which("psql")
NAME = r"psql \copy" if PSQL else "COPY of a file by psycopg (no psql in PATH)"


def limit(ground: Ground, records: int) -> Cost:
    """COPY in text format; an empty partition of raw takes the rows."""
    path = ground.rows(records)
    into = f"raw.{TABLE} ({', '.join(COLUMNS)})"
    if PSQL:
        command = [PSQL, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", rf"\copy {into} from '{path}'"]
    else:
        command = [sys.executable, "-m", "benchmarks.copy_file", f"copy {into} from stdin", str(path)]
    with ground.database() as database:
        with psycopg.connect(ground.conninfo(database)) as connection, path.open("rb") as file:
            day = file.readline().split(b"\t")[1].decode()
            connection.execute("select ops.ensure_partition(%s, %s::date)", [TABLE, day])
        used = measured(command, env=ground.env(database, "extractor"))
        if (found := ground.count(database, "raw", TABLE)) != records:
            raise AssertionError(f"the limit took {found} of {records} rows")
    return Cost(used.wall_seconds, used.wall_seconds, used.cpu_seconds, used.peak_bytes)

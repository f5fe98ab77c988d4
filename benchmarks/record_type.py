"""python -m benchmarks.record_type: jsonb against json as the type of raw's record, side by side in one run."""

import argparse
import statistics
import time
from collections import defaultdict

import psycopg
from rich.console import Console
from rich.table import Table

from sandbox.bulk import BulkConfig
from sandbox.bulk.records import page_records
from sandbox.throwaway import throwaway_cluster

_AT_ONCE = 10_000
_FIELDS = {
    "order_id": "text",
    "branch_id": "bigint",
    "customer_id": "text",
    "status": "text",
    "business_date": "date",
    "placed_at": "timestamptz",
    "version": "integer",
    "total": "numeric",
}
_WITH_FUNCTION = ", ".join(f"fields.{name}" for name in _FIELDS)
_DEFINED = ", ".join(f"{name} {kind}" for name, kind in _FIELDS.items())
_BY_ARROW = ", ".join(f"(record ->> '{name}')::{kind}" for name, kind in _FIELDS.items())
# The fields are named above.
READS = {
    "jsonb": {
        "eight fields by ->>": f"select {_BY_ARROW} from records",  # noqa: S608 - names of ours
        "by jsonb_to_record": f"select {_WITH_FUNCTION} from records, jsonb_to_record(record) as fields ({_DEFINED})",  # noqa: S608 - names of ours
    },
    "json": {
        "eight fields by ->>": f"select {_BY_ARROW} from records",  # noqa: S608 - names of ours
        "by json_to_record": f"select {_WITH_FUNCTION} from records, json_to_record(record) as fields ({_DEFINED})",  # noqa: S608 - names of ours
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    with (
        throwaway_cluster("256MB") as server,
        psycopg.connect(server.conninfo(), autocommit=True) as connection,
    ):
        connection.execute("set max_parallel_workers_per_gather = 0")
        for number in range(options.rounds):
            Console().print(f"[dim]round {number + 1} of {options.rounds}[/dim]")
            for kind in READS:
                _measure(connection, kind, options.records, found)
    Console().print(_figures(found, options.records))


def _measure(
    connection: psycopg.Connection, kind: str, records: int, found: dict[tuple[str, str], list[float]]
) -> None:
    connection.execute("drop table if exists records")
    connection.execute(f"create table records (record {kind})")
    found[kind, "COPY"].append(_copy(connection, records))
    for name, query in READS[kind].items():
        started = time.monotonic()
        # The values are made and thrown away in the server: no row leaves it.
        connection.execute(f"explain (analyze, timing off, serialize none) {query}")
        found[kind, name].append(time.monotonic() - started)
    size = connection.execute("select pg_total_relation_size('records') / 1e6").fetchone()
    found[kind, "MB on disk"] += [float(size[0])] if size else []


def _copy(connection: psycopg.Connection, records: int) -> float:
    config = BulkConfig(records=records)
    began = time.monotonic()
    rendering = 0.0
    with connection.cursor().copy("copy records from stdin") as copy:
        for first in range(0, records, _AT_ONCE):
            started = time.monotonic()
            page = b"".join(page_records(config, first, min(first + _AT_ONCE, records)))
            lines = page.replace(b'},{"order_id"', b'}\n{"order_id"') + b"\n"
            rendering += time.monotonic() - started
            copy.write(lines)
    return time.monotonic() - began - rendering


def _figures(found: dict[tuple[str, str], list[float]], records: int) -> Table:
    table = Table(
        "type", "what", "median", title=f"{records:,} orders of 535 bytes; seconds", title_justify="left"
    )
    for (kind, what), values in found.items():
        table.add_row(kind, what, f"{statistics.median(values):.1f}")
    return table


if __name__ == "__main__":
    main()

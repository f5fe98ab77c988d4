"""`extract status`: how each stream stands, what changed its shape and how the last runs ended."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row
from rich.table import Table
from rich.text import Text

from extract.source import Source

Conn = Connection[TupleRow]


@dataclass(slots=True)
class StreamStatus:
    """One stream (and part, as its shard). Times are UTC; None is what has not happened yet or may not be read.

    `open_windows` counts the windows of backfills that were begun and have not finished; `retired_at` is since
    when no run has been configured to read the part.
    """

    source: str
    stream: str
    shard: str = ""
    watermark: str | None = None
    last_sweep_status: str | None = None
    last_sweep_started_at: datetime | None = None
    last_sweep_ended_at: datetime | None = None
    last_load_at: datetime | None = None
    records: int = 0
    dead_letters: int = 0
    open_windows: int = 0
    retired_at: datetime | None = None
    dead_letters_open: int | None = None
    lease_holder: str | None = None


@dataclass(slots=True)
class RunStatus:
    """The last run of a command for a source."""

    source: str
    command: str
    status: str
    started_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    error: str | None


@dataclass(slots=True)
class ShapeStatus:
    """A path of a stream that is new, has vanished or was retyped, with its JSON types; UTC."""

    source: str
    stream: str
    path: str
    change: str
    old_types: list[str] | None
    new_types: list[str] | None
    noticed_at: datetime


@dataclass(slots=True)
class Status:
    """All that `extract status` shows."""

    streams: list[StreamStatus] = field(default_factory=list)
    runs: list[RunStatus] = field(default_factory=list)
    schema_changes: list[ShapeStatus] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def read_status(connection: Conn, sources: Sequence[Source]) -> Status:
    """The status of all streams of `sources`, those never run included; changes of shape of the last 7 days."""
    names = [source.name for source in sources]
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            """
            select source, stream, shard, watermark #>> '{}' as watermark, last_sweep_status,
                last_sweep_started_at, last_sweep_ended_at, last_load_at,
                records::bigint as records, dead_letters::bigint as dead_letters, open_windows, retired_at
            from ops.stream_status where source = any(%s) order by source, stream, shard
            """,
            [names],
        )
        found: dict[tuple[str, str], list[StreamStatus]] = {}
        for row in cursor:
            found.setdefault((row["source"], row["stream"]), []).append(StreamStatus(**row))
    streams = [
        status
        for source in sources
        for name in source.stream_names
        for status in found.get((source.name, name), [StreamStatus(source.name, name)])
    ]
    _add_ledger(connection, streams)
    with connection.cursor(row_factory=class_row(RunStatus)) as runs:
        runs.execute(
            """
            select distinct on (source, command) source, command, status, started_at, ended_at, exit_code, error
            from ops.run_history where source = any(%s) order by source, command, started_at desc
            """,
            [names],
        )
        ended = runs.fetchall()
    with connection.cursor(row_factory=class_row(ShapeStatus)) as changes:
        changes.execute(
            """
            select source, stream, path, change, old_types, new_types, noticed_at
            from ops.schema_changes
            where source = any(%s) and noticed_at > clock_timestamp() - interval '7 days'
            order by change_id desc
            """,
            [names],
        )
        return Status(streams, ended, changes.fetchall())


def _add_ledger(connection: Conn, streams: Sequence[StreamStatus]) -> None:
    """Open dead letters and lease holders, where the role may read them."""
    row = connection.execute(
        "select bool_and(has_table_privilege(name, 'select'))"
        " from unnest(array['ops.leases', 'ops.dead_letters']) as name"
    ).fetchone()
    if row is None or not row[0]:
        return
    holders: dict[str, str] = dict(
        connection.execute(
            "select name, holder from ops.leases where expires_at > clock_timestamp()"
        ).fetchall()
    )
    waiting = {
        (source, stream, shard): count
        for source, stream, shard, count in connection.execute(
            """
            select letter.source, letter.stream,
                case sweep.kind when 'replay' then sweep.shard else sweep.part end, count(*)
            from ops.dead_letters as letter join ops.sweeps as sweep using (sweep_id)
            where letter.status = 'open' group by 1, 2, 3
            """
        )
    }
    for status in streams:
        status.lease_holder = holders.get(f"{status.source}/{status.stream}/{status.shard}")
        status.dead_letters_open = waiting.get((status.source, status.stream, status.shard), 0)


def status_table(status: Status) -> Table:
    """The streams as a table."""
    table = Table(
        "stream", "watermark", "last sweep", "last load", "records", "dead letters", "held by", box=None
    )
    for stream in status.streams:
        letters = stream.dead_letters_open
        table.add_row(
            f"{stream.source}.{stream.stream}" + (f" {stream.shard}" if stream.shard else ""),
            stream.watermark or "-",
            _last_sweep(stream),
            _moment(stream.last_load_at),
            f"{stream.records:,}",
            str(stream.dead_letters if letters is None else letters),
            stream.lease_holder or "-",
        )
    return table


def shape_table(status: Status) -> Table:
    """The changes of shape as a table, the newest first."""
    table = Table("noticed", "stream", "change", "path", "was", "is", box=None)
    for change in status.schema_changes:
        table.add_row(
            _moment(change.noticed_at),
            f"{change.source}.{change.stream}",
            change.change,
            Text(change.path),
            ", ".join(change.old_types or ()) or "-",
            ", ".join(change.new_types or ()) or "-",
        )
    return table


def run_lines(status: Status) -> list[str]:
    """How each command's last run for a source ended, a line each."""
    return [
        f"last {run.command} of {run.source}: {run.status}"
        + (f" (exit {run.exit_code})" if run.exit_code else "")
        + f", {_moment(run.started_at)}"
        + (f": {run.error}" if run.error else "")
        for run in status.runs
    ]


def _last_sweep(stream: StreamStatus) -> str:
    told = stream.last_sweep_status or "never"
    if stream.retired_at is not None:
        told = f"{told}, retired {stream.retired_at:%Y-%m-%d}"
    return f"{told}, {stream.open_windows} windows open" if stream.open_windows else told


def _moment(value: datetime | None) -> str:
    return "-" if value is None else value.strftime("%Y-%m-%d %H:%M:%SZ")

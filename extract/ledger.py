"""Runs, sweeps and cursors: reading and writing their rows in schema ops. Loads are written by load.py."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from extract import __version__
from extract.memory import peak_memory_bytes
from extract.processor import cpu_seconds
from extract.provenance import image, revision
from extract.traffic import Traffic

Conn = Connection[TupleRow]
RunStatus = Literal["done", "failed", "skipped", "stopped"]
SweepKind = Literal["incremental", "full", "backfill", "replay"]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a sweep goes on: committed with each load.

    `token` names the next page (None: the first), of a walk asked for with `since`; `cursor` is the greatest
    cursor value committed, `page` the number of pages committed.
    """

    since: str | None = None
    token: str | None = None
    cursor: str | None = None
    page: int = 0

    def as_json(self) -> Jsonb:
        return Jsonb({"since": self.since, "token": self.token, "cursor": self.cursor, "page": self.page})


@dataclass(frozen=True, slots=True)
class Sweep:
    """An unfinished sweep. `watermark` is what it earns when it finishes, known with its first page."""

    sweep_id: int
    source: str
    stream: str
    shard: str
    position: Position
    watermark: str | None
    resumed: bool

    @property
    def name(self) -> str:
        return lease_name(self.source, self.stream, self.shard)

    def names(self) -> dict[str, str | int]:
        """What a log line says of it."""
        names: dict[str, str | int] = {"stream": self.stream, "sweep_id": self.sweep_id}
        return names | ({"shard": self.shard} if self.shard else {})


def lease_name(source: str, stream: str, shard: str = "") -> str:
    """Name of the lease of a stream's shard."""
    return f"{source}/{stream}/{shard}"


def start_run(connection: Conn, run_id: UUID, source: str, command: str) -> None:
    """Writes the row of a run that begins."""
    connection.execute(
        """
        insert into ops.runs (run_id, source, command, host, version, image, revision)
        values (%s, %s, %s, %s, %s, %s, %s)
        """,
        [run_id, source, command, socket.gethostname(), __version__, image(), revision()],
    )


def end_run(
    connection: Conn,
    run_id: UUID,
    *,
    status: RunStatus,
    exit_code: int,
    error: str | None,
    traffic: Traffic | None,
    cpu_from: float = 0.0,
) -> None:
    """Completes the row of a run: how it ended, what it cost, peak memory in bytes.

    `cpu_from` is the process's `cpu_seconds` when the run began. WAL and temporary bytes are all that the server and
    the database wrote while the run was on, whoever it was for.
    """
    traffic = traffic or Traffic()
    connection.execute(
        """
        update ops.runs
        set status = %s, ended_at = clock_timestamp(), exit_code = %s, error = %s,
            requests = %s, retries = %s, bytes_received = %s, throttled_seconds = %s, cpu_seconds = %s,
            peak_memory_bytes = %s, wal_bytes = pg_wal_lsn_diff(pg_current_wal_insert_lsn(), wal_from),
            temp_bytes = greatest(ops.temp_bytes() - temp_from, 0)
        where run_id = %s
        """,
        [
            status,
            exit_code,
            error,
            traffic.requests,
            traffic.retries,
            traffic.bytes_received,
            traffic.throttled_seconds,
            round(cpu_seconds() - cpu_from, 3),
            peak_memory_bytes(),
            run_id,
        ],
    )


def watermark(connection: Conn, source: str, stream: str, shard: str = "") -> str | None:
    """The watermark of the last finished sweep; None before the first."""
    row = connection.execute(
        "select watermark #>> '{}' from ops.cursors where source = %s and stream = %s and shard = %s",
        [source, stream, shard],
    ).fetchone()
    return row[0] if row else None


def unfinished_sweep(connection: Conn, source: str, stream: str, shard: str = "") -> Sweep | None:
    """The newest sweep of a stream where it has not finished, marked as running again."""
    row = connection.execute(
        """
        update ops.sweeps set status = 'running', ended_at = null
        where sweep_id = (
                select max(sweep_id) from ops.sweeps where source = %s and stream = %s and shard = %s
            )
            and status <> 'finished'
        returning sweep_id, position, watermark #>> '{}'
        """,
        [source, stream, shard],
    ).fetchone()
    if row is None:
        return None
    sweep_id, position, earned = row
    return Sweep(sweep_id, source, stream, shard, Position(**position), earned, resumed=True)


def begin_sweep(
    connection: Conn,
    run_id: UUID,
    *,
    source: str,
    stream: str,
    kind: SweepKind,
    since: str | None,
    until: str | None = None,
    shard: str = "",
    part: str = "",
) -> Sweep:
    """Writes the row of a new sweep: of what changed at or after `since` (None: ever) and before `until`.

    `shard` keeps it apart from the stream's other sweeps; `part` is the part of the stream that it belongs to.
    """
    position = Position(since=since)
    row = connection.execute(
        """
        insert into ops.sweeps (source, stream, shard, part, kind, run_id, since, until, position)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        returning sweep_id
        """,
        [source, stream, shard, part, kind, run_id, _scalar(since), _scalar(until), position.as_json()],
    ).fetchone()
    if row is None:
        raise AssertionError("insert ... returning gave no row")
    return Sweep(row[0], source, stream, shard, position, None, resumed=False)


def note_parts(connection: Conn, source: str, stream: str, parts: Sequence[str]) -> None:
    """Notes that `parts` are what a stream is read in now: others that were are retired as of today."""
    connection.execute(
        """
        insert into ops.stream_parts as known (source, stream, part)
        select %(source)s, %(stream)s, unnest(%(parts)s::text[])
        on conflict (source, stream, part) do update set retired_at = null where known.retired_at is not null
        """,
        {"source": source, "stream": stream, "parts": list(parts)},
    )
    connection.execute(
        """
        update ops.stream_parts set retired_at = clock_timestamp()
        where source = %s and stream = %s and retired_at is null and part <> all(%s)
        """,
        [source, stream, list(parts)],
    )


def count_restart(connection: Conn, sweep_id: int, position: Position) -> None:
    """Counts that a sweep lost its page token, and writes down that it goes on from `position`."""
    connection.execute(
        "update ops.sweeps set restarts = restarts + 1, position = %s where sweep_id = %s",
        [position.as_json(), sweep_id],
    )


def finish_sweep(connection: Conn, sweep_id: int) -> None:
    """Marks a sweep as finished that has no last page to finish with: a replay."""
    connection.execute(
        "update ops.sweeps set status = 'finished', ended_at = clock_timestamp() where sweep_id = %s",
        [sweep_id],
    )


def fail_sweep(connection: Conn, sweep_id: int) -> None:
    """Marks a sweep as failed where it stands; the next run goes on from its position."""
    connection.execute(
        """
        update ops.sweeps set status = 'failed', ended_at = clock_timestamp()
        where sweep_id = %s and status = 'running'
        """,
        [sweep_id],
    )


def _scalar(value: Any) -> Jsonb | None:
    return None if value is None else Jsonb(value)

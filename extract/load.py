"""One load: rows by COPY, dead letters, position, ledger row and watermark commit together or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from extract.copy_rows import COLUMNS, HEADER, TRAILER, RowFrame
from extract.dead_letters import (
    DATA_ERRORS,
    DeadLetter,
    insert_dead_letters,
    mark_replayed,
    unfit_records,
)
from extract.errors import OutOfBalanceError
from extract.lease import Lease
from extract.ledger import Position, Sweep

Conn = Connection[TupleRow]

# Held from taking a place in the commit order until the commit: orders become visible without gaps.
COMMIT_ORDER_LOCK = 4_711_002


@dataclass(slots=True)
class LoadedPage:
    """A page to be loaded. `number` counts from 1 in its sweep; `broken` maps positions to reasons."""

    number: int
    records: Sequence[msgspec.Raw]
    size: int
    extracted_at: datetime
    served_at: datetime | None
    broken: dict[int, str] = field(default_factory=dict)
    context: bytes | None = None  # of this page alone, instead of the load's


@dataclass(frozen=True, slots=True)
class Load:
    """What commits at once: pages of a sweep, where it goes on, and whether it ends with them.

    `watermark` is what the sweep will have earned; with `finishes` it becomes the stream's cursor. A replay
    names the load that it mends, and the dead letters (ids) that it makes good.
    """

    run_id: UUID
    sweep: Sweep
    table: str
    context: bytes | None
    pages: Sequence[LoadedPage]
    position: Position
    watermark: str | None
    finishes: bool
    replays_load_id: int | None = None
    mends: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A committed load: its counts and its place in the commit order."""

    load_id: int
    load_order: int
    records: int
    dead_letters: int
    bytes: int


@dataclass(frozen=True, slots=True)
class _Begun:
    """A load's id, its day and its start, by the server's clock, in UTC."""

    load_id: int
    day: date
    started_at: datetime


class Loader:
    """Commits loads."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._partitions: set[tuple[str, date]] = set()

    def commit(self, load: Load, lease: Lease) -> Loaded:
        """Commits `load`. Where raw refuses some of its records, they become dead letters.

        Raises LeaseHeldError where the lease has been taken over, OutOfBalanceError where the books do not
        balance and LettersChangedError where a letter it mends is no longer open; nothing is committed then.
        """
        with self._pool.connection() as connection:
            begun = _begin(connection)
            self._ensure_partition(connection, load.table, begun.day)
            try:
                return _commit(connection, load, lease, begun)
            except DATA_ERRORS:
                if not _mark_unfit(connection, load.pages):
                    raise
            return _commit(connection, load, lease, begun)

    def _ensure_partition(self, connection: Conn, table: str, day: date) -> None:
        if (table, day) not in self._partitions:
            connection.execute("select ops.ensure_partition(%s, %s)", [table, day])
            self._partitions.add((table, day))


def _begin(connection: Conn) -> _Begun:
    row = connection.execute(
        """
        select nextval('ops.load_ids'), (moment at time zone 'UTC')::date, moment
        from clock_timestamp() as moment
        """
    ).fetchone()
    if row is None:
        raise AssertionError("select gave no row")
    return _Begun(*row)


def _mark_unfit(connection: Conn, pages: Sequence[LoadedPage]) -> bool:
    """Adds to each page's broken records those that jsonb refuses. False where there are none."""
    found = False
    for page in pages:
        unfit = unfit_records(connection, page.records)
        new = {position: reason for position, reason in unfit.items() if position not in page.broken}
        page.broken.update(new)
        found = found or bool(new)
    return found


def _commit(connection: Conn, load: Load, lease: Lease, begun: _Begun) -> Loaded:
    sweep = load.sweep
    with connection.transaction():
        records = _copy(connection, load, begun)
        letters = insert_dead_letters(
            connection,
            _letters(load),
            load_id=begun.load_id,
            sweep_id=sweep.sweep_id,
            source=sweep.source,
            stream=sweep.stream,
        )
        mark_replayed(connection, load.mends, begun.load_id)
        served = sum(len(page.records) for page in load.pages)
        _update_sweep(connection, load, served, records, letters)
        if load.finishes and load.watermark is not None:
            _move_cursor(connection, sweep, load.watermark)
        lease.fence(connection)
        return _take_place(connection, load, begun, records, letters)


def _copy(connection: Conn, load: Load, begun: _Begun) -> int:
    statement = SQL("copy raw.{} ({}) from stdin (format binary)").format(
        Identifier(load.table), SQL(", ").join(map(Identifier, COLUMNS))
    )
    sent = first = 0
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            copy.write(HEADER)
            for page in load.pages:
                frame = RowFrame(
                    begun.load_id, begun.day, page.extracted_at, page.served_at, page.context or load.context
                )
                block, rows = frame.encode(page.records, first, page.broken)
                copy.write(block)
                first += len(page.records)
                sent += rows
            copy.write(TRAILER)
        if cursor.rowcount != sent:
            raise OutOfBalanceError(f"raw.{load.table}: sent {sent} rows, Postgres took {cursor.rowcount}")
        return cursor.rowcount


def _letters(load: Load) -> list[DeadLetter]:
    return [
        DeadLetter(
            page.number,
            position,
            reason,
            page.served_at,
            page.context or load.context,
            bytes(page.records[position]),
        )
        for page in load.pages
        for position, reason in page.broken.items()
    ]


def _update_sweep(connection: Conn, load: Load, served: int, records: int, letters: int) -> None:
    row = connection.execute(
        """
        update ops.sweeps
        set served = served + %(served)s, records = records + %(records)s,
            dead_letters = dead_letters + %(letters)s, position = %(position)s,
            watermark = coalesce(%(watermark)s, watermark),
            status = case when %(finishes)s then 'finished' else status end,
            ended_at = case when %(finishes)s then clock_timestamp() end
        where sweep_id = %(sweep_id)s and status = 'running'
        returning served, records, dead_letters
        """,
        {
            "served": served,
            "records": records,
            "letters": letters,
            "position": load.position.as_json(),
            "watermark": None if load.watermark is None else Jsonb(load.watermark),
            "finishes": load.finishes,
            "sweep_id": load.sweep.sweep_id,
        },
    ).fetchone()
    if row is None:
        raise OutOfBalanceError(f"sweep {load.sweep.sweep_id} of {load.sweep.name} is no longer running")
    if row[0] != row[1] + row[2]:
        raise OutOfBalanceError(
            f"sweep {load.sweep.sweep_id} of {load.sweep.name}: the API served {row[0]} records, "
            f"raw took {row[1]} and {row[2]} are dead letters"
        )


def _move_cursor(connection: Conn, sweep: Sweep, watermark: str) -> None:
    connection.execute(
        """
        insert into ops.cursors (source, stream, shard, watermark, sweep_id) values (%s, %s, %s, %s, %s)
        on conflict (source, stream, shard) do update
        set watermark = excluded.watermark, sweep_id = excluded.sweep_id, updated_at = clock_timestamp()
        """,
        [sweep.source, sweep.stream, sweep.shard, Jsonb(watermark), sweep.sweep_id],
    )


def _take_place(connection: Conn, load: Load, begun: _Begun, records: int, letters: int) -> Loaded:
    """Writes the ledger row. The lock is taken last of all, so that it is held for the commit only."""
    size = sum(page.size for page in load.pages)
    connection.execute("select pg_advisory_xact_lock(%s)", [COMMIT_ORDER_LOCK])
    row = connection.execute(
        """
        insert into ops.loads
            (load_id, load_order, sweep_id, run_id, source, stream, shard, loaded_on, pages, records,
            dead_letters, bytes, position, finishes_sweep, replays_load_id, started_at)
        values (%s, nextval('ops.load_orders'), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        returning load_order
        """,
        [
            begun.load_id,
            load.sweep.sweep_id,
            load.run_id,
            load.sweep.source,
            load.sweep.stream,
            load.sweep.shard,
            begun.day,
            len(load.pages),
            records,
            letters,
            size,
            load.position.as_json(),
            load.finishes,
            load.replays_load_id,
            begun.started_at,
        ],
    ).fetchone()
    if row is None:
        raise AssertionError("insert ... returning gave no row")
    return Loaded(begun.load_id, row[0], records, letters, size)

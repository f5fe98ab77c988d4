"""One load: rows by COPY, dead letters, position, ledger row and watermark commit together or not at all."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import msgspec
import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from extract.copy_rows import COLUMNS, HEADER, TRAILER, RowFrame
from extract.dead_letters import (
    DATA_ERRORS,
    WHOLE_PAGE,
    DeadLetter,
    insert_dead_letters,
    mark_replayed,
    unfit_records,
)
from extract.errors import OutOfBalanceError
from extract.lease import Lease
from extract.ledger import Position, Sweep
from extract.persist import Patience

Conn = Connection[TupleRow]

# Held from taking a place in the commit order until the commit: orders become visible without gaps.
COMMIT_ORDER_LOCK = 4_711_002


@dataclass(slots=True)
class LoadedPage:
    """A page to be loaded. `number` counts from 1 in its sweep; `broken` maps positions to reasons.

    `unread` is set for a page that could not be read at all: why, and its body.
    """

    number: int
    records: Sequence[msgspec.Raw]
    size: int
    extracted_at: datetime
    served_at: datetime | None
    broken: dict[int, str] = field(default_factory=dict)
    unread: tuple[str, bytes] | None = None
    context: bytes | None = None  # of this page alone, instead of the load's


def _nothing() -> None:
    return None


@dataclass(slots=True)
class Load:
    """What commits at once: pages of a sweep, where it goes on, and whether it ends with them.

    While the rows are copied, `more` is asked for further pages until it gives None; by then it has brought
    `position`, `watermark`, `finishes` and `announced` up to date. `watermark` is what the sweep will have
    earned; with `finishes` it becomes the stream's cursor. `after` is the position that the load before it
    committed, where it is not the sweep's first. `announced` is how many records the API says the whole list
    has. A replay names the load that it mends, and the dead letters (ids) that it makes good.
    """

    run_id: UUID
    sweep: Sweep
    table: str
    context: bytes | None
    pages: list[LoadedPage]
    position: Position
    watermark: str | None
    finishes: bool
    more: Callable[[], LoadedPage | None] = _nothing
    after: Position | None = None
    announced: int | None = None
    replays_load_id: int | None = None
    mends: Sequence[int] = ()

    def arriving(self) -> Iterator[LoadedPage]:
        """All pages, those that are still to come included; they are kept, so that it can be done again."""
        yield from tuple(self.pages)
        while (page := self.more()) is not None:
            self.pages.append(page)
            yield page

    def settle(self) -> None:
        """From now on the load is what has arrived."""
        self.more = _nothing


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
    """Commits loads. May be used by several threads, each with a load of its own."""

    def __init__(self, pool: ConnectionPool, patience: Patience | None = None) -> None:
        self._patience = patience or Patience(pool, 0, threading.Event())
        self._partitions: set[tuple[str, date]] = set()
        self._busy: set[Conn] = set()

    def commit(self, load: Load, lease: Lease) -> Loaded:
        """Commits `load`. Where raw refuses some of its records, they become dead letters.

        Where the connection is lost, it looks with a new one whether the load was committed, and does it
        again if not. Raises LeaseHeldError where the lease has been taken over, OutOfBalanceError where the
        books do not balance, LettersChangedError where a letter it mends is no longer open, UnreachableError
        where the database stays away; nothing is committed then.
        """
        begun: _Begun | None = None

        def attempt(connection: Conn) -> Loaded:
            nonlocal begun
            if begun is not None:
                load.settle()
                with connection.transaction():
                    # A backend that is still committing holds the lease's row: after this it is done or gone.
                    lease.fence(connection)
                    done = _committed(connection, begun.load_id)
                if done is not None:
                    return done
            with self._known_as_busy(connection):
                begun = _begin(connection)
                self._ensure_partition(connection, load.table, begun.day)
                try:
                    return _commit(connection, load, lease, begun)
                except DATA_ERRORS:
                    load.settle()
                    if not _mark_unfit(connection, load.pages):
                        raise
                return _commit(connection, load, lease, begun)

        return self._patience.run(attempt)

    def cancel(self) -> None:
        """Cancels what the loads under way are doing in Postgres; called from another thread."""
        for connection in tuple(self._busy):
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=3)

    @contextmanager
    def _known_as_busy(self, connection: Conn) -> Iterator[None]:
        self._busy.add(connection)
        try:
            yield
        finally:
            self._busy.discard(connection)

    def _ensure_partition(self, connection: Conn, table: str, day: date) -> None:
        if (table, day) not in self._partitions:
            connection.execute("select ops.ensure_partition(%s, %s)", [table, day])
            self._partitions.add((table, day))


def _committed(connection: Conn, load_id: int) -> Loaded | None:
    row = connection.execute(
        "select load_id, load_order, records, dead_letters, bytes from ops.loads where load_id = %s",
        [load_id],
    ).fetchone()
    return Loaded(*row) if row else None


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
        _bury_pages(connection, load, begun.load_id)
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
            for page in load.arriving():
                context = page.context or load.context
                frame = RowFrame(begun.load_id, begun.day, page.extracted_at, page.served_at, context)
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


def _bury_pages(connection: Conn, load: Load, load_id: int) -> None:
    """Keeps pages that could not be read, which count as no record, and closes the letters of those read now."""
    sweep = load.sweep
    if not sweep.resumed and all(page.unread is None for page in load.pages):
        return  # a sweep ends at a page that it cannot read
    insert_dead_letters(
        connection,
        [
            DeadLetter(page.number, WHOLE_PAGE, page.unread[0], None, load.context, page.unread[1])
            for page in load.pages
            if page.unread is not None
        ],
        load_id=load_id,
        sweep_id=sweep.sweep_id,
        source=sweep.source,
        stream=sweep.stream,
    )
    connection.execute(
        """
        update ops.dead_letters set status = 'replayed', mended_by_load_id = %s
        where source = %s and stream = %s and status = 'open' and sweep_id = %s and position = %s
            and page = any(%s)
        """,
        [
            load_id,
            sweep.source,
            sweep.stream,
            sweep.sweep_id,
            WHOLE_PAGE,
            [page.number for page in load.pages if page.unread is None],
        ],
    )


def _update_sweep(connection: Conn, load: Load, served: int, records: int, letters: int) -> None:
    row = connection.execute(
        """
        update ops.sweeps
        set served = served + %(served)s, records = records + %(records)s,
            dead_letters = dead_letters + %(letters)s, position = %(position)s,
            watermark = coalesce(%(watermark)s, watermark),
            status = case when %(finishes)s then 'finished' else status end,
            ended_at = case when %(finishes)s then clock_timestamp() end
        where sweep_id = %(sweep_id)s and status = 'running' and position = %(after)s
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
            "after": (load.after or load.sweep.position).as_json(),
        },
    ).fetchone()
    if row is None:
        raise OutOfBalanceError(
            f"sweep {load.sweep.sweep_id} of {load.sweep.name} does not stand where this run left it (did the "
            "database go back to an older state?): run again, and it goes on from what the database has"
        )
    if row[0] != row[1] + row[2]:
        raise OutOfBalanceError(
            f"sweep {load.sweep.sweep_id} of {load.sweep.name}: the API served {row[0]} records, "
            f"raw took {row[1]} and {row[2]} are dead letters"
        )
    if load.finishes and load.announced is not None and row[0] < load.announced:
        raise OutOfBalanceError(
            f"sweep {load.sweep.sweep_id} of {load.sweep.name}: the API counts {load.announced} records and served "
            f"{row[0]}: its last pages are not taken, run again"
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

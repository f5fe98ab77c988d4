"""The transaction of a load: rows by COPY, dead letters, position, watermark and ledger row, or nothing."""

from dataclasses import dataclass
from datetime import date, datetime

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from extract.copy_rows import COLUMNS, HEADER, TRAILER, RowFrame
from extract.dead_letters import WHOLE_PAGE, DeadLetter, insert_dead_letters, mark_replayed
from extract.errors import OutOfBalanceError
from extract.lease import Lease
from extract.ledger import Sweep
from extract.load import Load, Loaded

Conn = Connection[TupleRow]

# Held from taking a place in the commit order until the commit: orders become visible without gaps.
COMMIT_ORDER_LOCK = 4_711_002


@dataclass(frozen=True, slots=True)
class Begun:
    """A load's id, its day and its start, by the server's clock, in UTC."""

    load_id: int
    day: date
    started_at: datetime


def committed(connection: Conn, load_id: int) -> Loaded | None:
    """The load of this id, where it was committed."""
    row = connection.execute(
        "select load_id, load_order, records, dead_letters, bytes from ops.loads where load_id = %s",
        [load_id],
    ).fetchone()
    return Loaded(*row) if row else None


def begin(connection: Conn) -> Begun:
    """A new load's id and day. The id is never given twice, whatever becomes of the load."""
    row = connection.execute(
        """
        select nextval('ops.load_ids'), (moment at time zone 'UTC')::date, moment
        from clock_timestamp() as moment
        """
    ).fetchone()
    if row is None:
        raise AssertionError("select gave no row")
    return Begun(*row)


def commit(connection: Conn, load: Load, lease: Lease, begun: Begun) -> Loaded:
    """Commits `load` as `begun`. Raises as Loader.commit does, and what COPY raises for records that raw refuses."""
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


def _copy(connection: Conn, load: Load, begun: Begun) -> int:
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
            DeadLetter(page.number, WHOLE_PAGE, page.unread[0], page.served_at, load.context, page.unread[1])
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


def _take_place(connection: Conn, load: Load, begun: Begun, records: int, letters: int) -> Loaded:
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

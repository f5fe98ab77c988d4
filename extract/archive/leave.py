"""A partition leaves raw: detached beside running loads and builds, compared once more, then dropped.

Each step is safe to be killed at: a day whose status is `away` and whose table still stands has to be finished.
"""

import time
from collections.abc import Callable

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from extract.archive.ledger import ArchivedDay, archived_days, set_dropped, set_status
from extract.archive.rows import Content, content_of
from extract.errors import CorruptArchiveError, ExtractError
from extract.partitions import attach_partition, partition_name
from extract.source import Source

Conn = Connection[TupleRow]

# Builds of base hold it shared (macros/incremental/refuse_away_days.sql) from looking which days are away until they
# commit, so that no day leaves between the look and the read.
AWAY_LOCK = 4_711_003
_ATTEMPTS = 20
_WAIT_SECONDS = 0.5


def leave(connection: Conn, source: Source, day: ArchivedDay) -> None:
    """Takes a verified day out of raw. `connection` is in autocommit: DETACH CONCURRENTLY needs it.

    Raises ExtractError where builds or readers keep hold of the table for too long; the next run goes on. Raises
    CorruptArchiveError, with the day back in raw, where its rows are not those that were archived.
    """
    _patiently(f"a build of base holds raw for {day}", lambda: _mark_away(connection, day))
    if not _finish(connection, source, day):
        raise CorruptArchiveError(f"{day} changed in raw while it was archived: it stays there")


def finish_all(connection: Conn, source: Source) -> None:
    """Goes on with all days of `source` that a killed run left half-way out of raw. Raises ExtractError as `leave`.

    A day that was changed since (redacted, say) comes back into raw instead, to be archived anew.
    """
    for day in archived_days(connection, source, status="away"):
        _finish(connection, source, day)


def _finish(connection: Conn, source: Source, day: ArchivedDay) -> bool:
    """Whether raw no longer has the day, whose status is away and whose partition may still stand."""
    table = source.raw_table(source.stream(day.stream))
    partition = partition_name(table, day.day)
    state = _state(connection, partition)
    if state is None:
        return True
    if state != "apart":
        try:
            _patiently(f"raw.{table} is being read or written", lambda: _detach(connection, table, partition))
        except ExtractError:
            if _state(connection, partition) == "attached":
                set_status(connection, day, "archived")
            raise
    return _drop(connection, table, partition, day)


def _mark_away(connection: Conn, day: ArchivedDay) -> bool:
    with connection.transaction():
        row = connection.execute("select pg_try_advisory_xact_lock(%s)", [AWAY_LOCK]).fetchone()
        if row is None or not row[0]:
            return False
        set_status(connection, day, "away")
    return True


def _state(connection: Conn, partition: str) -> str | None:
    """attached, pending (half detached), apart (a table of its own) or None where there is no such table."""
    row = connection.execute(
        """
        select case
                when inhdetachpending then 'pending'
                when inhrelid is not null then 'attached'
                else 'apart'
            end
        from pg_class as partition
        left join pg_inherits on inhrelid = partition.oid
        where partition.oid = to_regclass(format('raw.%%I', %s::text))
        """,
        [partition],
    ).fetchone()
    return row[0] if row else None


def _detach(connection: Conn, table: str, partition: str) -> bool:
    state = _state(connection, partition)
    if state != "apart":
        how = SQL("finalize" if state == "pending" else "concurrently")
        statement = SQL("alter table raw.{} detach partition raw.{} {}").format(
            Identifier(table), Identifier(partition), how
        )
        connection.execute("set lock_timeout = '2s'")
        try:
            connection.execute(statement)
        except psycopg.errors.LockNotAvailable:
            return False
        finally:
            connection.execute("reset lock_timeout")
    return True


def _drop(connection: Conn, table: str, partition: str, day: ArchivedDay) -> bool:
    with connection.transaction():
        connection.execute(SQL("lock table raw.{} in access exclusive mode").format(Identifier(partition)))
        same = content_of(connection, partition) == Content(day.rows, day.checksum)
        if same:
            connection.execute(SQL("drop table raw.{}").format(Identifier(partition)))
            set_dropped(connection, day)
        else:
            attach_partition(connection, table, day.day)
            set_status(connection, day, "archived")
    return same


def _patiently(told: str, attempt: Callable[[], bool]) -> None:
    for _ in range(_ATTEMPTS):
        if attempt():
            return
        time.sleep(_WAIT_SECONDS)
    raise ExtractError(f"{told}: nothing is lost, run the command again later")

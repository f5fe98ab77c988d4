"""`extract archive`: old days of raw go to object storage, are verified there, and are dropped."""

from collections.abc import Iterator

from psycopg import Connection
from psycopg.rows import TupleRow

from extract.archive.leave import finish_all, leave
from extract.archive.ledger import ArchivedDay, delete_leftovers, new_prefix, record_day
from extract.archive.lock import alone
from extract.archive.manifest import Manifest
from extract.archive.retention import OldDay, old_days
from extract.archive.rows import persons_in
from extract.archive.store import Store
from extract.archive.upload import upload
from extract.errors import OutOfBalanceError
from extract.settings import Settings
from extract.source import Source

Conn = Connection[TupleRow]


def archive(
    connection: Conn, store: Store, settings: Settings, source: Source
) -> Iterator[tuple[OldDay, Manifest | None]]:
    """Archives the old days of `source`, each when it is asked for: with its manifest, None where it waits.

    `connection` is the maintainer's, in autocommit. What a killed run left is finished first. Raises
    LeaseHeldError beside another archive, restore or erase of the source; OutOfBalanceError or
    CorruptArchiveError, with the day still in raw, where it is not what the ledger says or does not come back from
    the archive as it was; UnreachableError where the archive cannot be reached.
    """
    connection.execute("set timezone = 'UTC'")
    with alone(connection, source.name):
        delete_leftovers(connection, source, store)
        finish_all(connection, source)
        for old in old_days(connection, settings, source):
            yield old, _archive_day(connection, store, old) if old.waits_for is None else None
        delete_leftovers(connection, source, store)


def _archive_day(connection: Conn, store: Store, old: OldDay) -> Manifest:
    prefix = new_prefix(connection, old.source, old.stream, old.day)
    manifest = upload(
        connection, store, old.source, old.stream, old.day, partition=old.partition, prefix=prefix
    )
    _compare_with_ledger(connection, old, manifest.rows)
    record_day(connection, manifest, prefix, persons_in(connection, old.partition, old.stream))
    day = ArchivedDay(
        old.source.name, old.stream.name, old.day, "archived", prefix, manifest.rows, manifest.checksum
    )
    leave(connection, old.source, day)
    return manifest


def _compare_with_ledger(connection: Conn, old: OldDay, rows: int) -> None:
    row = connection.execute(
        """
        select coalesce(sum(records), 0) from ops.loads
        where source = %s and stream = %s and loaded_on = %s
        """,
        [old.source.name, old.stream.name, old.day],
    ).fetchone()
    if row is None or row[0] != rows:
        told = row[0] if row else 0
        raise OutOfBalanceError(
            f"{old}: raw has {rows} rows, the ledger of loads says {told}: it stays in raw"
        )

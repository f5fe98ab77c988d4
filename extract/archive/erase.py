"""Erased persons in archived days: each day that holds one is written anew without them, the old objects deleted."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from extract.archive.ledger import (
    ArchivedDay,
    archived_days,
    delete_leftovers,
    has_leftovers,
    new_prefix,
    record_day,
)
from extract.archive.restore import fill
from extract.archive.rows import persons_in
from extract.archive.store import Store
from extract.archive.upload import upload
from extract.erasures import note_erasures, redact
from extract.errors import ConfigurationError
from extract.partitions import partition_name
from extract.source import Source

Conn = Connection[TupleRow]


def erase_archives(
    connection: Conn, store: Store | None, source: Source, erased: Mapping[str, datetime]
) -> int:
    """Redacts `erased` (person -> time) in all archived days of `source`; gives the number of records redacted.

    The caller is alone with the source. A day counts with its new objects from the transaction that ledgers them;
    the old ones are deleted after it, by the next run at the latest. Raises ConfigurationError where there is
    something to do and no store.
    """
    days = archived_days(connection, source, subjects=erased)
    if store is None:
        if days or has_leftovers(connection, source):
            raise ConfigurationError(
                f"config: [archive] lacks url, and archived days of {source.name} may hold erased persons"
            )
        return 0
    redacted = sum(_rewrite(connection, store, source, day, erased) for day in days)
    delete_leftovers(connection, source, store)
    return redacted


def _rewrite(
    connection: Conn, store: Store, source: Source, day: ArchivedDay, erased: Mapping[str, datetime]
) -> int:
    stream = source.stream(day.stream)
    table = source.raw_table(stream)
    beside = f"{partition_name(table, day.day)}_new"
    prefix = new_prefix(connection, source, stream, day.day)
    with connection.transaction():
        # Reading the new objects back leaves Postgres waiting for longer than its role allows.
        connection.execute("set local idle_in_transaction_session_timeout = 0")
        fill(connection, store, day, like=table, partition=beside)
        redacted = Counter(redact(connection, beside, stream, list(erased)))
        manifest = upload(connection, store, source, stream, day.day, partition=beside, prefix=prefix)
        record_day(connection, manifest, prefix, persons_in(connection, beside, stream))
        note_erasures(connection, source, erased, archived_records=redacted)
        connection.execute(SQL("drop table raw.{}").format(Identifier(beside)))
    return redacted.total()

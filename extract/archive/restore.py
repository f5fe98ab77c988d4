"""`extract restore`: archived days come back into raw, with the erasures that were announced meanwhile applied."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from extract.archive.leave import finish_all
from extract.archive.ledger import ArchivedDay, archived_days, delete_leftovers, set_status
from extract.archive.lines import read_lines
from extract.archive.lock import alone
from extract.archive.manifest import get_manifest
from extract.archive.rows import Content, content_of, insert_lines
from extract.archive.store import Store
from extract.erasures import erased_subjects, note_erasures, redact
from extract.errors import ConfigurationError, CorruptArchiveError
from extract.partitions import attach_partition, partition_name
from extract.source import Source, Stream

Conn = Connection[TupleRow]


@dataclass(frozen=True, slots=True)
class Restored:
    """A day that is in raw again: its rows, and how many of them were redacted on the way."""

    day: ArchivedDay
    redacted: int


def restore(
    connection: Conn, store: Store, source: Source, streams: Sequence[Stream], *, first: date, last: date
) -> Iterator[Restored]:
    """Brings back the days from `first` to `last` of `streams` that are away, each in one transaction.

    `connection` is the maintainer's, in autocommit. Raises ConfigurationError where no such day is away,
    CorruptArchiveError where a day is not in the archive as it was put there (it is not brought back then), and
    LeaseHeldError beside another archive, restore or erase of the source.
    """
    connection.execute("set timezone = 'UTC'")
    names = {stream.name: stream for stream in streams}
    with alone(connection, source.name):
        delete_leftovers(connection, source, store)
        finish_all(connection, source)
        away = [
            day
            for day in archived_days(connection, source, status="away")
            if day.stream in names and first <= day.day <= last
        ]
        if not away:
            raise ConfigurationError(
                f"{source.name}: no day of {', '.join(names)} from {first} to {last} is away in the archive"
            )
        for day in away:
            with connection.transaction():
                redacted = _restore(connection, store, source, names[day.stream], day)
            yield Restored(day, redacted)


def _restore(connection: Conn, store: Store, source: Source, stream: Stream, day: ArchivedDay) -> int:
    table = source.raw_table(stream)
    partition = partition_name(table, day.day)
    fill(connection, store, day, like=table, partition=partition)
    erased = erased_subjects(connection, source)
    redacted = Counter(redact(connection, partition, stream, list(erased)))
    note_erasures(connection, source, erased, raw_records=redacted)
    attach_partition(connection, table, day.day)
    set_status(connection, day, "restored")
    return redacted.total()


def fill(connection: Conn, store: Store, day: ArchivedDay, *, like: str, partition: str) -> None:
    """Makes the table raw.`partition` like raw.`like` and fills it with an archived day, in the caller's transaction.

    Raises CorruptArchiveError where the rows are not those that were archived.
    """
    connection.execute(
        SQL("create table raw.{} (like raw.{} including all)").format(Identifier(partition), Identifier(like))
    )
    manifest = get_manifest(store, day.prefix)
    insert_lines(connection, partition, read_lines(store, day.prefix, manifest))
    if content_of(connection, partition) != Content(day.rows, day.checksum):
        raise CorruptArchiveError(f"{day}: the rows in {day.prefix} are not those that were archived")

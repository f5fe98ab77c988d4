"""ops.archived_days and ops.archive_leftovers: which days the archive holds, and what in it is to be deleted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from secrets import token_hex

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from extract.archive.manifest import Manifest
from extract.archive.store import Store
from extract.source import Source, Stream

Conn = Connection[TupleRow]


@dataclass(frozen=True, slots=True)
class ArchivedDay:
    """A day of a stream that the archive holds under `prefix`: see migration 0003."""

    source: str
    stream: str
    day: date
    status: str
    prefix: str
    rows: int
    checksum: str

    def __str__(self) -> str:
        return f"{self.source}.{self.stream} {self.day}"


def archived_days(
    connection: Conn, source: Source, *, status: str | None = None, subjects: Iterable[str] | None = None
) -> list[ArchivedDay]:
    """Days of `source` in the archive, oldest first: of that status, and with unredacted records of `subjects`."""
    with connection.cursor(row_factory=class_row(ArchivedDay)) as cursor:
        return cursor.execute(
            """
            select source, stream, day, status, prefix, rows, checksum
            from ops.archived_days
            where source = %(source)s
                and (%(status)s::text is null or status = %(status)s)
                and (
                    %(subjects)s::text[] is null
                    or subjects && array(
                        select ops.fingerprint(subject) from unnest(%(subjects)s::text[]) as subject
                    )
                )
            order by day, stream
            """,
            {
                "source": source.name,
                "status": status,
                "subjects": None if subjects is None else list(subjects),
            },
        ).fetchall()


def new_prefix(connection: Conn, source: Source, stream: Stream, day: date) -> str:
    """A place of its own for an upload, noted as a leftover until `record_day` makes it count."""
    moment = datetime.now(UTC)
    prefix = f"{source.name}/{stream.name}/{day}/{moment:%Y%m%dT%H%M%SZ}-{token_hex(3)}"
    connection.execute(
        "insert into ops.archive_leftovers (prefix, source) values (%s, %s)", [prefix, source.name]
    )
    return prefix


def record_day(connection: Conn, manifest: Manifest, prefix: str, subjects: list[int]) -> None:
    """Makes the verified objects under `prefix` the archive of their day; those it had before are leftovers.

    `subjects` are the fingerprints of persons in them. The status of a day that was known stays.
    """
    with connection.transaction():
        connection.execute("delete from ops.archive_leftovers where prefix = %s", [prefix])
        connection.execute(
            """
            insert into ops.archive_leftovers (prefix, source)
            select prefix, source from ops.archived_days where (source, stream, day) = (%s, %s, %s)
            """,
            [manifest.source, manifest.stream, manifest.day],
        )
        connection.execute(
            """
            insert into ops.archived_days
                (source, stream, day, status, prefix, rows, bytes, checksum, subjects)
            values (%s, %s, %s, 'archived', %s, %s, %s, %s, %s)
            on conflict (source, stream, day) do update
            set prefix = excluded.prefix, rows = excluded.rows, bytes = excluded.bytes,
                checksum = excluded.checksum, subjects = excluded.subjects, archived_at = excluded.archived_at
            """,
            [
                *(manifest.source, manifest.stream, manifest.day),
                *(prefix, manifest.rows, manifest.bytes, manifest.checksum, subjects),
            ],
        )


def set_status(connection: Conn, day: ArchivedDay, status: str) -> None:
    """Says whether raw has the day: archived (yes, still), away (no) or restored (yes, again)."""
    connection.execute(
        """
        update ops.archived_days
        set status = %(status)s,
            restored_at = case when %(status)s = 'restored' then clock_timestamp() else restored_at end
        where (source, stream, day) = (%(source)s, %(stream)s, %(day)s)
        """,
        {"status": status, "source": day.source, "stream": day.stream, "day": day.day},
    )


def set_dropped(connection: Conn, day: ArchivedDay) -> None:
    """Says when the day's partition was dropped."""
    connection.execute(
        "update ops.archived_days set dropped_at = clock_timestamp() where (source, stream, day) = (%s, %s, %s)",
        [day.source, day.stream, day.day],
    )


def delete_leftovers(connection: Conn, source: Source, store: Store) -> None:
    """Deletes what killed uploads and replaced days left in the archive. The caller is alone with the source."""
    rows = connection.execute(
        "select prefix from ops.archive_leftovers where source = %s order by 1", [source.name]
    ).fetchall()
    for (prefix,) in rows:
        store.delete_all(f"{prefix}/")
        connection.execute("delete from ops.archive_leftovers where prefix = %s", [prefix])


def has_leftovers(connection: Conn, source: Source) -> bool:
    """Whether something of `source` in the archive waits to be deleted."""
    row = connection.execute(
        "select exists (select 1 from ops.archive_leftovers where source = %s)", [source.name]
    ).fetchone()
    return bool(row and row[0])

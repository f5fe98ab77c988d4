"""The rows of a raw partition as JSON lines, out of Postgres and into it, exact to the last digit.

The session's time zone must be UTC: a line spells its times in it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from extract.erasures import MARKER
from extract.source import Stream

Conn = Connection[TupleRow]

# JSON text holds neither control character, so that COPY passes each line on as it is.
_AS_IT_IS = SQL(r"(format csv, quote E'\x01', delimiter E'\x02')")


@dataclass(frozen=True, slots=True)
class Content:
    """How many rows a partition has, and the checksum of their lines (see Manifest)."""

    rows: int
    checksum: str


def content_of(connection: Conn, partition: str) -> Content:
    """Counts and sums the rows of a raw partition."""
    row = connection.execute(
        SQL(
            """
            select count(*), coalesce(sum(ops.fingerprint(row_to_json(rows)::text)), 0)::text
            from raw.{} as rows
            """
        ).format(Identifier(partition))
    ).fetchone()
    if row is None:
        raise AssertionError("select count(*) gave no row")
    return Content(*row)


def lines_of(connection: Conn, partition: str) -> Iterator[bytes]:
    """The rows of a raw partition as lines with their line feeds, in the order of their loads."""
    statement = SQL(
        "copy (select row_to_json(rows)::text from raw.{} as rows order by load_id, load_position) to stdout {}"
    ).format(Identifier(partition), _AS_IT_IS)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        yield from map(bytes, copy)


def insert_lines(connection: Conn, partition: str, lines: Iterable[bytes]) -> None:
    """Inserts lines, given without their line feeds, into a raw partition. In the caller's transaction.

    They pass through a table that only this transaction sees, since the role may make no temporary ones.
    """
    passing, target = Identifier(f"{partition}_lines"), Identifier(partition)
    connection.execute(SQL("create unlogged table raw.{} (line text not null)").format(passing))
    with (
        connection.cursor() as cursor,
        cursor.copy(SQL("copy raw.{} from stdin {}").format(passing, _AS_IT_IS)) as copy,
    ):
        for line in lines:
            copy.write(line + b"\n")
    connection.execute(
        SQL(
            """
            insert into raw.{target}
            select rows.* from raw.{passing} cross join json_populate_record(null::raw.{target}, line::json) as rows
            """
        ).format(target=target, passing=passing)
    )
    connection.execute(SQL("drop table raw.{}").format(passing))


def persons_in(connection: Conn, partition: str, stream: Stream) -> list[int]:
    """Fingerprints of the persons whom records of a raw partition are about and who are not redacted."""
    if stream.subject is None:
        return []
    rows = connection.execute(
        SQL(
            """
            select distinct ops.fingerprint(record ->> %(subject)s)
            from raw.{}
            where record ->> %(subject)s is not null and not record ? %(marker)s
            """
        ).format(Identifier(partition)),
        {"subject": stream.subject, "marker": MARKER},
    ).fetchall()
    return [row[0] for row in rows]

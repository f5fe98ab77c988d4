"""Erasures: whom a source has announced, what is left of a raw record about them, and what was done, ledgered."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from extract.source import Source, Stream

Conn = Connection[TupleRow]

MARKER = "_erased"


def erased_subjects(connection: Conn, source: Source) -> dict[str, datetime]:
    """All persons whose erasure `source` has announced, with its time; announcements that left raw included."""
    found: dict[str, datetime] = dict(
        connection.execute(
            "select subject, max(erased_at) from ops.erasures where source = %s group by 1", [source.name]
        ).fetchall()
    )
    if source.erasures is not None:
        table = source.raw_table(source.stream(source.erasures.stream))
        found |= announced_subjects(connection, source, table)
    return dict(sorted(found.items()))


def announced_subjects(connection: Conn, source: Source, table: str) -> dict[str, datetime]:
    """Erased persons in `table`, the raw table of the stream that announces erasures or a partition of it."""
    if source.erasures is None:
        return {}
    rows = connection.execute(
        SQL(
            """
            select subject, max(erased_at)
            from (
                select record ->> %(subject)s as subject,
                    case when pg_input_is_valid(record ->> %(at)s, 'timestamptz')
                        then (record ->> %(at)s)::timestamptz end as erased_at
                from raw.{}
            ) as announced
            where subject is not null and erased_at is not null
            group by 1
            """
        ).format(Identifier(table)),
        {"subject": source.erasures.subject, "at": source.erasures.at},
    ).fetchall()
    return dict(rows)


def redact(connection: Conn, table: str, stream: Stream, subjects: list[str]) -> list[str]:
    """Blanks the personal fields of records of `subjects` in a raw table or partition, and marks the records.

    Gives the subject of each record changed; what is marked already is left alone. A stream without a subject
    has nothing to redact.
    """
    if stream.subject is None:
        return []
    rows = connection.execute(
        SQL(
            """
            update raw.{} as raw
            set record = record
                || coalesce(
                    (
                        select jsonb_object_agg(name, null)
                        from unnest(%(personal)s::text[]) as name
                        where record ? name
                    ),
                    '{{}}'
                )
                || jsonb_build_object(%(marker)s::text, true)
            where record ->> %(subject)s = any(%(subjects)s)
                and not record ? %(marker)s
            returning record ->> %(subject)s
            """
        ).format(Identifier(table)),
        {
            "personal": list(stream.personal),
            "marker": MARKER,
            "subject": stream.subject,
            "subjects": subjects,
        },
    ).fetchall()
    return [row[0] for row in rows]


def note_erasures(
    connection: Conn,
    source: Source,
    erased: Mapping[str, datetime],
    *,
    raw_records: Counter[str] | None = None,
    dead_letters: Counter[str] | None = None,
    archived_records: Counter[str] | None = None,
    failing_rows: Counter[str] | None = None,
) -> int:
    """Ledgers in ops.erasures who of `erased` is new there or had records redacted now. Gives how many are new."""
    counts = [counter or Counter() for counter in (raw_records, dead_letters, archived_records, failing_rows)]
    known = {
        row[0]
        for row in connection.execute("select subject from ops.erasures where source = %s", [source.name])
    }
    entries = [
        (source.name, subject, at, *(counter[subject] for counter in counts))
        for subject, at in erased.items()
        if subject not in known or any(counter[subject] for counter in counts)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            insert into ops.erasures
                (source, subject, erased_at, raw_records, dead_letters, archived_records, failing_rows)
            values (%s, %s, %s, %s, %s, %s, %s)
            """,
            entries,
        )
    return len(erased.keys() - known)

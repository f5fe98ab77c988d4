"""`extract erase`: erased persons are redacted in raw and in dead letters, ledgered in ops.erasures.

Runs as role maintainer, any number of times: records that arrived after an earlier erasure are redacted by
the next run, and what is redacted already is left alone.
"""

import json
from dataclasses import dataclass, field

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from extract.errors import ConfigurationError
from extract.source import Erasures, Source, Stream

Conn = Connection[TupleRow]

MARKER = "_erased"
REDACTION = b"redacted: the person this record was about has been erased"


@dataclass(slots=True)
class Erased:
    """What one run redacted: persons newly ledgered, raw records, dead letters."""

    subjects: int = 0
    raw_records: int = 0
    dead_letters: int = 0


@dataclass(slots=True)
class _Counts:
    raw_records: dict[str, int] = field(default_factory=dict)
    dead_letters: dict[str, int] = field(default_factory=dict)


def erase(connection: Conn, source: Source) -> Erased:
    """Applies all erasures that `source` has announced, in one transaction.

    Raises ConfigurationError where the source announces none.
    """
    if source.erasures is None:
        raise ConfigurationError(f"{source.name} declares no erasures")
    counts = _Counts()
    with connection.transaction():
        announced = _announced(connection, source, source.erasures)
        subjects = list(announced)
        for stream in source.streams:
            if stream.subject is not None:
                _add(counts.raw_records, _redact_raw(connection, source, stream, subjects))
                _add(counts.dead_letters, _redact_dead_letters(connection, source, stream, subjects))
        known = {
            row[0]
            for row in connection.execute(
                "select distinct subject from ops.erasures where source = %s", [source.name]
            )
        }
        touched = set(counts.raw_records) | set(counts.dead_letters)
        entries = [subject for subject in subjects if subject not in known or subject in touched]
        with connection.cursor() as cursor:
            cursor.executemany(
                """
                insert into ops.erasures (source, subject, erased_at, raw_records, dead_letters)
                values (%s, %s, %s, %s, %s)
                """,
                [
                    (
                        source.name,
                        subject,
                        announced[subject],
                        counts.raw_records.get(subject, 0),
                        counts.dead_letters.get(subject, 0),
                    )
                    for subject in entries
                ],
            )
    return Erased(
        subjects=len(set(subjects) - known),
        raw_records=sum(counts.raw_records.values()),
        dead_letters=sum(counts.dead_letters.values()),
    )


def _add(totals: dict[str, int], subjects: list[str]) -> None:
    for subject in subjects:
        totals[subject] = totals.get(subject, 0) + 1


def _announced(connection: Conn, source: Source, erasures: Erasures) -> dict[str, str]:
    """Erased persons with the time the source gives."""
    rows = connection.execute(
        SQL(
            """
            select record ->> %(subject)s, max(record ->> %(at)s)
            from raw.{}
            where record ->> %(subject)s is not null and pg_input_is_valid(record ->> %(at)s, 'timestamptz')
            group by 1
            order by 1
            """
        ).format(Identifier(source.raw_table(source.stream(erasures.stream)))),
        {"subject": erasures.subject, "at": erasures.at},
    ).fetchall()
    return dict(rows)


def _redact_raw(connection: Conn, source: Source, stream: Stream, subjects: list[str]) -> list[str]:
    """Blanks the personal fields of a record, and marks it. Gives the subject of each record changed."""
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
        ).format(Identifier(source.raw_table(stream))),
        {
            "personal": list(stream.personal),
            "marker": MARKER,
            "subject": stream.subject,
            "subjects": subjects,
        },
    ).fetchall()
    return [row[0] for row in rows]


def _redact_dead_letters(connection: Conn, source: Source, stream: Stream, subjects: list[str]) -> list[str]:
    """A dead letter may be no JSON, so its bytes go whole where they hold the subject as a JSON text."""
    rows = connection.execute(
        """
        update ops.dead_letters as letter
        set bytes = %(redaction)s, reason = 'erased',
            status = case when letter.status = 'open' then 'discarded' else letter.status end
        from unnest(%(subjects)s::text[], %(spelt)s::bytea[]) as erased (subject, spelt)
        where letter.source = %(source)s and letter.stream = %(stream)s
            and letter.bytes <> %(redaction)s and position(erased.spelt in letter.bytes) > 0
        returning erased.subject
        """,
        {
            "redaction": REDACTION,
            "subjects": subjects,
            "spelt": [json.dumps(subject).encode() for subject in subjects],
            "source": source.name,
            "stream": stream.name,
        },
    ).fetchall()
    return [row[0] for row in rows]

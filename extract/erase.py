"""`extract erase`: erased persons are redacted in raw, dead letters, tests' rows and archives, by ops.erasures' ledger.

Runs as role maintainer, any number of times: records that arrived after an earlier erasure are redacted by
the next run, and what is redacted already is left alone.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from extract.archive.erase import erase_archives
from extract.archive.leave import finish_all
from extract.archive.lock import alone
from extract.archive.store import Store
from extract.erasures import erased_subjects, note_erasures, redact
from extract.errors import ConfigurationError
from extract.source import Source, Stream

Conn = Connection[TupleRow]

REDACTION = b"redacted: the person this record was about has been erased"


@dataclass(frozen=True, slots=True)
class Erased:
    """What one run redacted: persons newly ledgered, raw records, dead letters, archived records, tests' rows."""

    subjects: int
    raw_records: int
    dead_letters: int
    archived_records: int
    failing_rows: int


def erase(connection: Conn, source: Source, store: Store | None = None) -> Erased:
    """Applies all erasures that `source` has announced: in one transaction, then one an archived day in `store`.

    Raises ConfigurationError where the source announces none, or where an archived day holds an erased person
    and there is no store; LeaseHeldError beside another erase, archive or restore of the source; and as Store does.
    """
    if source.erasures is None:
        raise ConfigurationError(f"{source.name} declares no erasures")
    connection.execute("set timezone = 'UTC'")
    with alone(connection, source.name):
        finish_all(connection, source)
        erased = erased_subjects(connection, source)
        in_database = _erase_database(connection, source, erased)
        archived_records = erase_archives(connection, store, source, erased)
    return replace(in_database, archived_records=archived_records)


def _erase_database(connection: Conn, source: Source, erased: Mapping[str, datetime]) -> Erased:
    """All but the archives."""
    raw_records: Counter[str] = Counter()
    dead_letters: Counter[str] = Counter()
    with connection.transaction():
        for stream in source.streams:
            if stream.subject is not None:
                raw_records.update(redact(connection, source.raw_table(stream), stream, list(erased)))
                dead_letters.update(_redact_dead_letters(connection, source, stream, list(erased)))
        failing_rows = Counter(_forget_failing_rows(connection, source, list(erased)))
        new = note_erasures(
            connection,
            source,
            erased,
            raw_records=raw_records,
            dead_letters=dead_letters,
            failing_rows=failing_rows,
        )
    return Erased(new, raw_records.total(), dead_letters.total(), 0, failing_rows.total())


def _forget_failing_rows(connection: Conn, source: Source, subjects: list[str]) -> list[str]:
    """Rows that a test has kept go whole where one of their values, however deep, is the subject."""
    rows = connection.execute(
        """
        delete from ops.test_failures as failing
        using ops.dbt_tests as test, unnest(%(subjects)s::text[], %(spelt)s::text[]) as erased (subject, spelt)
        where test.node_id = failing.node_id
            and test.source in (%(source)s, '')
            and position(erased.spelt in failing.record::text) > 0
        returning erased.subject
        """,
        {
            "subjects": subjects,
            "spelt": [json.dumps(subject, ensure_ascii=False) for subject in subjects],
            "source": source.name,
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

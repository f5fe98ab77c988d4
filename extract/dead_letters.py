"""Records that raw cannot hold, or that break their stream's promise: found and kept, byte for byte."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from extract.errors import LettersChangedError

Conn = Connection[TupleRow]

# The position of a letter that is a whole page, because it could not be read.
WHOLE_PAGE = -1

# What COPY into jsonb raises because of the data: malformed, or beyond a limit of the type or of the parser.
DATA_ERRORS = (
    psycopg.DataError,
    psycopg.errors.ProgramLimitExceeded,
    psycopg.errors.StatementTooComplex,
)


# The position of a letter that is not a record but a page that could not be read.
WHOLE_PAGE = -1


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that stays out of raw. `page` counts from 1 in its sweep, `position` from 0 in its page.

    At position WHOLE_PAGE, `record` is the body of the page.
    """

    page: int
    position: int
    reason: str
    served_at: datetime | None
    context: bytes | None
    record: bytes


def unfit_records(connection: Conn, records: Sequence[msgspec.Raw]) -> dict[int, str]:
    """Records that a jsonb column refuses: position -> reason. The server is the judge, in one round trip."""
    unfit: dict[int, str] = {}
    texts: dict[int, str] = {}
    for position, record in enumerate(records):
        try:
            text = bytes(record).decode("utf-8")
        except UnicodeDecodeError as error:
            unfit[position] = f"not UTF-8: {error.reason} at byte {error.start}"
            continue
        if "\x00" in text:
            unfit[position] = f"not JSON: a zero byte at character {text.index(chr(0))}"
        else:
            texts[position] = text
    return dict(sorted((unfit | _refused(connection, texts)).items()))


def _refused(connection: Conn, texts: dict[int, str]) -> dict[int, str]:
    try:
        with connection.transaction():
            rows = connection.execute(
                """
                select position, error.message || coalesce(': ' || error.detail, '')
                from unnest(%s::int[], %s::text[]) as record (position, body)
                cross join lateral pg_input_error_info(body, 'jsonb') as error
                where error.message is not null
                """,
                [list(texts), list(texts.values())],
            ).fetchall()
    except DATA_ERRORS as error:
        # Some limits, such as the depth of nesting, are raised instead of reported: then one by one.
        if len(texts) == 1:
            return dict.fromkeys(texts, f"not jsonb: {error.diag.message_primary}")
        halves = list(texts.items())
        middle = len(halves) // 2
        return _refused(connection, dict(halves[:middle])) | _refused(connection, dict(halves[middle:]))
    return {position: f"not jsonb: {reason}" for position, reason in rows}


def insert_dead_letters(
    connection: Conn,
    letters: Sequence[DeadLetter],
    *,
    load_id: int,
    sweep_id: int,
    source: str,
    stream: str,
) -> int:
    """Inserts `letters` and returns how many rows that made."""
    if not letters:
        return 0
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            insert into ops.dead_letters
                (load_id, sweep_id, source, stream, page, position, reason, context, served_at, bytes)
            values (%s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s)
            """,
            [
                (
                    load_id,
                    sweep_id,
                    source,
                    stream,
                    letter.page,
                    letter.position,
                    letter.reason,
                    letter.context.decode() if letter.context else None,
                    letter.served_at,
                    letter.record,
                )
                for letter in letters
            ],
        )
        return cursor.rowcount


def is_buried(connection: Conn, sweep_id: int, page: int, body: bytes) -> bool:
    """Whether an open letter holds just this body as the page that could not be read."""
    found = connection.execute(
        """
        select 1 from ops.dead_letters
        where sweep_id = %s and page = %s and position = %s and status = 'open' and bytes = %s
        """,
        [sweep_id, page, WHOLE_PAGE, body],
    ).fetchone()
    return found is not None


def mark_replayed(connection: Conn, letter_ids: Sequence[int], load_id: int) -> None:
    """Marks open letters as replayed by a load, in whose transaction this is called.

    Raises LettersChangedError where one is no longer open.
    """
    if not letter_ids:
        return
    marked = connection.execute(
        """
        update ops.dead_letters
        set status = 'replayed', mended_by_load_id = %s, mended_at = clock_timestamp()
        where dead_letter_id = any(%s) and status = 'open'
        """,
        [load_id, list(letter_ids)],
    ).rowcount
    if marked != len(letter_ids):
        raise LettersChangedError(
            f"{len(letter_ids) - marked} of {len(letter_ids)} dead letters were discarded, erased or replayed "
            "by somebody else meanwhile; nothing of their load was committed: run the replay again"
        )

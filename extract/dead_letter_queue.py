"""The queue of dead letters: which there are, what one holds, and giving them up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.sql import SQL

from extract.errors import ConfigurationError
from extract.letter import Group, Letter, LetterStatus, WholeLetter

Conn = Connection[TupleRow]


@dataclass(frozen=True, slots=True)
class Which:
    """Which letters are meant; None leaves a field out of account. `reason` is a part of the reason, in any case."""

    sources: Sequence[str] | None = None
    stream: str | None = None
    status: LetterStatus | None = None
    reason: str | None = None
    ids: Sequence[int] | None = None

    def values(self) -> dict[str, object]:
        """The parameters of `_MEANT`."""
        return {
            "sources": None if self.sources is None else list(self.sources),
            "stream": self.stream,
            "status": self.status,
            "reason": self.reason,
            "ids": None if self.ids is None else list(self.ids),
        }


_MEANT = SQL(
    """
    where (%(sources)s::text[] is null or source = any(%(sources)s))
        and (%(stream)s::text is null or stream = %(stream)s)
        and (%(status)s::text is null or status = %(status)s)
        and (%(reason)s::text is null or strpos(lower(reason), lower(%(reason)s)) > 0)
        and (%(ids)s::bigint[] is null or dead_letter_id = any(%(ids)s))
    """
)
_BRIEF = SQL(
    "dead_letter_id, source, stream, sweep_id, load_id, page, position, length(bytes) as size, "
    "reason, status, created_at"
)
_WHOLE = _BRIEF + SQL(
    ", bytes as body, convert_to(context::text, 'UTF8') as context, served_at, mended_by_load_id, mended_at, "
    "discarded_at, discarded_by, discarded_because"
)


def find_letters(connection: Conn, which: Which, limit: int) -> list[Letter]:
    """The first `limit` letters, oldest first."""
    query = SQL("select {} from ops.dead_letters {} order by dead_letter_id limit %(limit)s")
    with connection.cursor(row_factory=class_row(Letter)) as cursor:
        return cursor.execute(query.format(_BRIEF, _MEANT), which.values() | {"limit": limit}).fetchall()


def group_letters(connection: Conn, which: Which) -> list[Group]:
    """How many letters there are, by source, stream and reason."""
    query = SQL(
        """
        select source, stream, regexp_replace(reason, ' at (byte|character) [0-9]+', '') as reason, count(*) as count
        from ops.dead_letters {} group by 1, 2, 3 order by 1, 2, 4 desc, 3
        """
    )
    with connection.cursor(row_factory=class_row(Group)) as cursor:
        return cursor.execute(query.format(_MEANT), which.values()).fetchall()


def read_letters(connection: Conn, ids: Sequence[int]) -> list[WholeLetter]:
    """The letters called `ids`, in that order. Raises ConfigurationError where one does not exist."""
    query = SQL("select {} from ops.dead_letters where dead_letter_id = any(%s)").format(_WHOLE)
    with connection.cursor(row_factory=class_row(WholeLetter)) as cursor:
        found = {letter.dead_letter_id: letter for letter in cursor.execute(query, [list(ids)])}
    for each in ids:
        if each not in found:
            raise ConfigurationError(f"there is no dead letter {each}: see `extract dead-letters list`")
    return [found[each] for each in ids]


def open_letters_of(
    connection: Conn, load_id: int, stream: str, ids: Sequence[int] | None
) -> list[WholeLetter]:
    """The open letters that a load of `stream` left, in the order they came; of `ids` only where given."""
    query = SQL(
        """
        select {} from ops.dead_letters
        where load_id = %(load_id)s and stream = %(stream)s and status = 'open'
            and (%(ids)s::bigint[] is null or dead_letter_id = any(%(ids)s))
        order by page, position
        """
    )
    values = {"load_id": load_id, "stream": stream, "ids": None if ids is None else list(ids)}
    with connection.cursor(row_factory=class_row(WholeLetter)) as cursor:
        return cursor.execute(query.format(_WHOLE), values).fetchall()


def loads_with_open_letters(
    connection: Conn, source: str, stream: str, ids: Sequence[int] | None
) -> list[int]:
    """The loads of a stream that left letters which are open, oldest first; of `ids` only where given."""
    which = Which([source], stream, LetterStatus.OPEN, ids=ids)
    query = SQL("select distinct load_id from ops.dead_letters {} order by load_id").format(_MEANT)
    return [row[0] for row in connection.execute(query, which.values())]


def assert_open(connection: Conn, source: str, streams: Sequence[str], named: Mapping[int, str]) -> None:
    """Raises ConfigurationError unless each letter in `named` (id -> who names it) is open and of these streams."""
    rows = connection.execute(
        "select dead_letter_id, source, stream, status, discarded_because from ops.dead_letters"
        " where dead_letter_id = any(%s)",
        [list(named)],
    ).fetchall()
    found = {row[0]: row[1:] for row in rows}
    for each, place in named.items():
        if each not in found:
            raise ConfigurationError(f"{place}: there is no dead letter {each}")
        of_source, of_stream, status, because = found[each]
        if of_source != source or of_stream not in streams:
            raise ConfigurationError(f"{place}: dead letter {each} is one of {of_source}.{of_stream}")
        if status != LetterStatus.OPEN:
            why = f" ({because})" if because else ""
            raise ConfigurationError(f"{place}: dead letter {each} is {status}{why}, not open")


def discard_letters(connection: Conn, which: Which, because: str) -> int:
    """Gives up the letters that are meant and open, and says how many. They keep their bytes."""
    query = SQL(
        """
        update ops.dead_letters
        set status = 'discarded', discarded_at = clock_timestamp(), discarded_by = current_user,
            discarded_because = %(because)s
        {} and status = 'open'
        """
    )
    return connection.execute(query.format(_MEANT), which.values() | {"because": because}).rowcount

"""How many dead letters a sweep may leave before it fails."""

from psycopg import Connection
from psycopg.rows import TupleRow

from extract.dead_letters import WHOLE_PAGE
from extract.errors import TooManyDeadLettersError
from extract.source import DeadLetterSettings

# Fewer records, or so few letters, say nothing about a share.
JUDGED_FROM = 1000
FEW = 10


def open_letters(connection: Connection[TupleRow], sweep_id: int) -> int:
    """How many open dead letters a sweep has left, pages that could not be read not counted."""
    row = connection.execute(
        "select count(*) from ops.dead_letters where sweep_id = %s and status = 'open' and position <> %s",
        [sweep_id, WHOLE_PAGE],
    ).fetchone()
    return row[0] if row else 0


def served_records(connection: Connection[TupleRow], sweep_id: int) -> int:
    """How many records a sweep has been served so far."""
    row = connection.execute("select served from ops.sweeps where sweep_id = %s", [sweep_id]).fetchone()
    return row[0] if row else 0


def assert_tolerable(
    open_letters: int,
    served: int,
    *,
    finished: bool,
    thresholds: DeadLetterSettings,
    source: str,
    stream: str,
) -> None:
    """Raises TooManyDeadLettersError where a sweep that was served `served` records has too many open letters."""
    # Divided, not multiplied: a share that is exactly the limit then compares as equal to it.
    share = open_letters / max(served, open_letters, 1)
    is_judged = finished or served >= JUDGED_FROM
    if open_letters > thresholds.max_records:
        limit = f"max_records = {thresholds.max_records}"
    elif is_judged and open_letters > FEW and share > thresholds.max_share:
        limit = f"max_share = {thresholds.max_share}"
    else:
        return
    raise TooManyDeadLettersError(
        f"{source}.{stream}: {open_letters} of {served} records ({share:.2%}) are dead letters, more than {limit} in "
        f"[sources.{source}.dead_letters] allows: see `extract dead-letters list {source} --stream {stream}`, then "
        "replay or discard them, or raise the limit"
    )

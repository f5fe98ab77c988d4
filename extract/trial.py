"""Whether dead letters are good by now: held to the same promise and the same column type as any record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from extract.answer import Answer
from extract.cursor import parse_time
from extract.dead_letters import WHOLE_PAGE, unfit_records
from extract.errors import BadAnswerError
from extract.letter import WholeLetter
from extract.load import LoadedPage
from extract.promise import Promise
from extract.repair import is_key_damaged, repair
from extract.source import Stream


@dataclass(slots=True)
class Tried:
    """Letters by id: a page to be loaded for each that is good, and why the others stay open."""

    pages: dict[int, LoadedPage] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)


def try_letters(
    connection: Connection[TupleRow],
    stream: Stream,
    letters: Sequence[WholeLetter],
    *,
    repairs: bool,
    mended: Mapping[int, bytes],
    page_size: int,
    max_record_bytes: int,
) -> Tried:
    """Sorts `letters` of one load into those that can be loaded and the others.

    A letter in `mended` counts as the bytes given there; with `repairs`, records are made holdable first. Either
    is said in the context of the rows. What is still bad in a page that can be read by now is marked as broken
    in it, and becomes a letter of its own.
    """
    tried = Tried()
    promise = Promise(stream, max_record_bytes)
    for letter in letters:
        body, note = letter.body, dict[str, object]()
        if letter.dead_letter_id in mended:
            body, note = mended[letter.dead_letter_id], {"mended": True}
        elif repairs and letter.position != WHOLE_PAGE:
            body, replaced = repair(connection, body)
            note = {"repaired": replaced} if replaced else {}
        page, reason = _page(stream, promise, letter, body, page_size)
        if reason is None and "repaired" in note and is_key_damaged(body, stream.primary_key):
            reason = (
                f"its key ({', '.join(map(str, stream.primary_key))}) is damaged: give it back by --mended"
            )
        if reason is not None:
            tried.refused[letter.dead_letter_id] = reason
            continue
        page.context = _noted(letter.context, note)
        tried.pages[letter.dead_letter_id] = page
    _refuse_unfit(connection, tried, [letter for letter in letters if letter.position != WHOLE_PAGE])
    return tried


def _page(
    stream: Stream, promise: Promise, letter: WholeLetter, body: bytes, page_size: int
) -> tuple[LoadedPage, str | None]:
    """The page that a letter makes, and what it breaks. Its record was extracted when the letter was written."""
    records, served_at = [msgspec.Raw(body)], letter.served_at
    reason = None
    if letter.position == WHOLE_PAGE:
        try:
            page = stream.paginator.start().read(Answer(body), page_size)
        except BadAnswerError as error:
            records, reason = [], str(error)
        else:
            records = page.records
            served_at = parse_time(page.as_of) if page.as_of else served_at
    broken, _ = promise.check_each(records)
    if letter.position != WHOLE_PAGE and broken:
        reason = broken[0]
    return LoadedPage(letter.page, records, len(body), letter.created_at, served_at, broken), reason


def _noted(context: bytes | None, note: dict[str, object]) -> bytes | None:
    if not note:
        return context
    return msgspec.json.encode((msgspec.json.decode(context) if context else {}) | note)


def _refuse_unfit(connection: Connection[TupleRow], tried: Tried, records: Sequence[WholeLetter]) -> None:
    """Takes out what jsonb refuses, for which Postgres is asked before the load, not by it: no letter is doubled."""
    ids = [letter.dead_letter_id for letter in records if letter.dead_letter_id in tried.pages]
    unfit = unfit_records(connection, [tried.pages[each].records[0] for each in ids])
    for position, reason in unfit.items():
        del tried.pages[ids[position]]
        tried.refused[ids[position]] = reason

"""Dead letters as people and programs read them: no byte of a record reaches a terminal as it is."""

import base64
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime

from extract.dead_letters import WHOLE_PAGE
from extract.errors import one_line
from extract.letter import Group, Letter, WholeLetter


def printable(data: bytes) -> str:
    """`data` as text in which whatever is no printable UTF-8 is escaped, as \\xff or \\u2028."""
    text = data.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def brief_line(letter: Letter) -> str:
    """A letter on one line."""
    return (
        f"{letter.dead_letter_id:>8}  {letter.source}.{letter.stream}  load {letter.load_id}  {_place(letter)}  "
        f"{letter.size} bytes  {_moment(letter.created_at)}  {letter.status}  {one_line(letter.reason, 120)}"
    )


def group_lines(groups: Sequence[Group], shown: int) -> Iterable[str]:
    """How many letters there are of each stream and reason, `shown` of them having been listed."""
    total = sum(group.count for group in groups)
    yield f"{total} dead letters" + (f", the oldest {shown} shown" if shown < total else "")
    for group in groups:
        yield f"{group.count:>8}  {group.source}.{group.stream}  {one_line(group.reason, 120)}"


def whole_lines(letter: WholeLetter) -> Iterable[str]:
    """All of a letter."""
    yield f"dead letter {letter.dead_letter_id}  {letter.source}.{letter.stream}  {letter.status}"
    yield (
        f"  load {letter.load_id}, sweep {letter.sweep_id}, {_place(letter)}, {letter.size} bytes, "
        f"served {_moment(letter.served_at)}, found {_moment(letter.created_at)}"
    )
    if letter.mended_by_load_id is not None:
        yield f"  mended by load {letter.mended_by_load_id}, {_moment(letter.mended_at)}"
    if letter.discarded_at is not None:
        yield (
            f"  discarded by {letter.discarded_by}, {_moment(letter.discarded_at)}: "
            f"{one_line(letter.discarded_because or '')}"
        )
    yield f"  reason: {one_line(letter.reason)}"
    if letter.context:
        yield f"  context: {printable(letter.context)}"
    yield f"  {'page' if letter.position == WHOLE_PAGE else 'record'}: {printable(letter.body)}"


def brief_json(letter: Letter) -> str:
    """A letter without its bytes as a line of JSON."""
    return json.dumps(asdict(letter), default=str)


def whole_json(letter: WholeLetter) -> str:
    """All of a letter as a line of JSON: `record_base64`, and `record_text` where the bytes are UTF-8.

    A line whose `record_text` was mended is what `replay --mended` reads.
    """
    fields = asdict(letter) | {"context": json.loads(letter.context) if letter.context else None}
    fields["record_base64"] = base64.b64encode(fields.pop("body")).decode()
    with suppress(UnicodeDecodeError):
        fields["record_text"] = letter.body.decode()
    return json.dumps(fields, default=str)


def _place(letter: Letter) -> str:
    where = "whole" if letter.position == WHOLE_PAGE else f"position {letter.position}"
    return f"page {letter.page} {where}"


def _moment(value: datetime | None) -> str:
    return "-" if value is None else value.strftime("%Y-%m-%d %H:%M:%SZ")

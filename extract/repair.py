"""Records that Postgres cannot hold, made holdable: visibly, and with a name for each thing that was replaced."""

import re
from collections.abc import Sequence

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from extract.cover import without_lone_surrogates

ZERO = "zero character"
SURROGATE = "lone surrogate"
NO_UTF8 = "bytes that are no UTF-8"
NUMBER = "number beyond numeric"

_REPLACEMENT = rb"\ufffd"
# An escaped backslash is matched first, so that what follows it is not taken for an escape.
_ZEROS = re.compile(rb"(\\\\)|\\u0000|\x00")
# Strings are matched first, so that only numbers outside of them are found.
_NUMBERS = re.compile(
    rb'"[^"\\]*(?:\\.[^"\\]*)*"|(-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)', flags=re.DOTALL
)
# A number without exponent and shorter than this is within numeric's range.
_SURELY_NUMERIC = 16_000


def repair(connection: Connection[TupleRow], record: bytes) -> tuple[bytes, list[str]]:
    """`record` as Postgres can hold it, and what was replaced in it: nothing where the list is empty.

    A zero character, a lone surrogate and bytes that are no UTF-8 become U+FFFD, a number beyond numeric's
    range becomes a string of the same digits. What is no JSON for another reason stays as it is.
    """
    found: list[str] = []
    without_zeros = _ZEROS.sub(lambda match: match[0] if match[1] else _REPLACEMENT, record)
    whole = without_lone_surrogates(without_zeros, _REPLACEMENT)
    text = whole.decode("utf-8", "replace").encode()
    numbers = _quoted(connection, text)
    for name, before, after in (
        (ZERO, record, without_zeros),
        (SURROGATE, without_zeros, whole),
        (NO_UTF8, whole, text),
        (NUMBER, text, numbers),
    ):
        if after != before:
            found.append(name)
    return numbers, found


def is_key_damaged(record: bytes, key: Sequence[str | int]) -> bool:
    """Whether a replacement character stands in a key field: two records could then pass for one."""
    try:
        fields = msgspec.json.decode(record)
        return any("\ufffd" in str(fields[place]) for place in key)
    except (msgspec.MsgspecError, RecursionError, LookupError, TypeError):
        return False


def _quoted(connection: Connection[TupleRow], text: bytes) -> bytes:
    """`text` with each number that numeric cannot hold as a string. The server is the judge."""
    suspects = {
        match[1].decode()
        for match in _NUMBERS.finditer(text)
        if match[1] and (len(match[1]) > _SURELY_NUMERIC or b"e" in match[1].lower())
    }
    if not suspects:
        return text
    rows = connection.execute(
        "select number from unnest(%s::text[]) as number where not pg_input_is_valid(number, 'numeric')",
        [list(suspects)],
    ).fetchall()
    beyond = {row[0].encode() for row in rows}
    return _NUMBERS.sub(lambda match: b'"%s"' % match[1] if match[1] in beyond else match[0], text)

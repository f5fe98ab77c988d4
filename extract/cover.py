"""Two things no JSON decoder takes: half a surrogate pair, spelt \\ud800, and a control character in a text.

The page around such a record must be read all the same. So they are covered by blanks, the page is sliced,
and the slices are taken from the body as it came.
"""

import re
from collections.abc import Sequence

import msgspec

# An escaped backslash and a whole pair are matched first, so that neither is taken for half a pair.
# It begins with a literal, which the search for it makes use of: ten times as fast.
_ESCAPES = re.compile(
    rb"\\(?:\\|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2}))"
)
_SPACE = b" \t\r\n"
_GAP = re.compile(rb"[ \t\r\n,]*")
_BLANKS = bytes.maketrans(bytes(range(0x20)), b" " * 0x20)


def covered(body: bytes) -> bytes:
    """`body` with blanks for lone surrogates and control characters, all else at the same place."""
    return without_lone_surrogates(body.translate(_BLANKS), rb"\u0020")


def without_lone_surrogates(body: bytes, instead: bytes) -> bytes:
    """`body` with the escape `instead`, of six characters, for each lone surrogate."""
    return _ESCAPES.sub(lambda found: instead if found[1] else found[0], body)


def uncovered(records: Sequence[msgspec.Raw], cover: bytes, body: bytes) -> list[msgspec.Raw]:
    """The slices of `body` that lie where `records`, the elements of the array `cover`, lie in it.

    Raises ValueError where `body` has something between two of them that JSON does not have there.
    """
    found: list[msgspec.Raw] = []
    end = 1
    for record in records:
        gap = _GAP.match(body, end)
        start = gap.end() if gap else end
        end = start + len(record)
        if cover[start:end] != bytes(record):
            raise ValueError("control characters between two records")
        found.append(msgspec.Raw(body[start:end]))
    if body[end:].strip(_SPACE) != b"]":
        raise ValueError("control characters behind the last record")
    return found

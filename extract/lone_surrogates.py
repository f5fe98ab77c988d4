"""Half a surrogate pair, spelt \\ud800, is JSON that no decoder takes: the page around it must be read."""

import re
from collections.abc import Sequence

import msgspec

# An escaped backslash and a whole pair are matched first, so that neither is taken for half a pair.
_ESCAPES = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


def covered(body: bytes, cover: bytes = rb"\u0020") -> bytes:
    """`body` with each lone surrogate covered by an escape (of a blank), all else at the same place."""
    return _ESCAPES.sub(lambda found: cover if found[1] else found[0], body)


def uncovered(
    records: Sequence[msgspec.Raw], array: msgspec.Raw, cover: bytes, body: bytes
) -> list[msgspec.Raw]:
    """The slices of `body` that lie where `records`, the elements of `array`, lie in `cover`."""
    found: list[msgspec.Raw] = []
    start = cover.index(bytes(array))
    for record in records:
        # Nothing but blanks and a comma lies between two records: the next match is the record itself.
        start = cover.index(bytes(record), start)
        found.append(msgspec.Raw(body[start : start + len(record)]))
        start += len(record)
    return found

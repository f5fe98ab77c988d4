"""Dead letters that a person has mended: JSON lines that name a letter and give its record anew."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from extract.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Mended:
    """A record given for a dead letter. `place` names the line, for people."""

    dead_letter_id: int
    record: bytes
    place: str


class _Line(msgspec.Struct):
    dead_letter_id: int
    record: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    record_text: str | msgspec.UnsetType = msgspec.UNSET


def read_mended(path: Path) -> list[Mended]:
    """The records in a file of lines {"dead_letter_id": 7, "record": {...}}, each byte of a record as it is there.

    Instead of `record`, `record_text` may hold the JSON as a text; other keys, such as `dead-letters show --json`
    writes, are left alone. Raises ConfigurationError, naming the line, for anything else and for a letter named twice.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ConfigurationError(f"file {path} cannot be read: {error.strerror}") from None
    found: dict[int, Mended] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        mended = _read(line, f"{path} line {number}")
        if mended.dead_letter_id in found:
            earlier = found[mended.dead_letter_id].place
            raise ConfigurationError(
                f"{mended.place}: dead letter {mended.dead_letter_id} was given in {earlier}"
            )
        found[mended.dead_letter_id] = mended
    if not found:
        raise ConfigurationError(f"file {path} holds no mended record")
    return list(found.values())


def _read(line: bytes, place: str) -> Mended:
    try:
        given = msgspec.json.decode(line, type=_Line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(
            f'{place} is not {{"dead_letter_id": 7, "record": {{...}}}}: {error}'
        ) from None
    if isinstance(given.record, msgspec.Raw) and given.record_text is msgspec.UNSET:
        return Mended(given.dead_letter_id, bytes(given.record), place)
    if isinstance(given.record_text, str) and given.record is msgspec.UNSET:
        return Mended(given.dead_letter_id, given.record_text.encode(), place)
    raise ConfigurationError(f"{place}: give either record or record_text")

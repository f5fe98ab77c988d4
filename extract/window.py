"""A range of a stream's cursor, which a backfill reads by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from extract.cursor import is_time, parse_time


@dataclass(frozen=True, slots=True)
class Window:
    """From `since` until just before `until`: RFC 3339 times in UTC."""

    since: str
    until: str

    @property
    def name(self) -> str:
        """The shard under which the window's sweep is known in the ledger."""
        return f"{self.since}..{self.until}"

    def reaches(self, cursor: str | None) -> bool:
        """Whether `cursor` lies at the window's end or beyond."""
        return cursor is not None and is_time(cursor) and parse_time(cursor) >= parse_time(self.until)

    def inside(self, records: Sequence[msgspec.Raw], field: str) -> int:
        """How many of `records`, which come in the order of `field`, belong to the window.

        A record whose time cannot be read belongs to it: better twice than never.
        """
        for count in range(len(records), 0, -1):
            if not self.reaches(_text_of(records[count - 1], field)):
                return count
        return 0


def _text_of(record: msgspec.Raw, field: str) -> str | None:
    try:
        value = msgspec.json.decode(record, type=dict[str, msgspec.Raw]).get(field)
        return None if value is None else msgspec.json.decode(value, type=str)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None

"""A range of a stream's cursor, which a backfill reads by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from extract.cursor import CursorFormat, read_time


@dataclass(frozen=True, slots=True)
class Window:
    """From `since` until just before `until`: times as the stream's cursor spells them."""

    since: str
    until: str
    form: CursorFormat = CursorFormat.RFC3339

    @property
    def name(self) -> str:
        """The shard under which the window's sweep is known in the ledger."""
        return f"{self.since}..{self.until}"

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """Both ends, in UTC. Raises ValueError where they are no times."""
        return read_time(self.since, self.form), read_time(self.until, self.form)

    @property
    def seconds(self) -> float:
        """How long it is. Raises ValueError where its ends are no times."""
        since, until = self.bounds
        return (until - since).total_seconds()

    def reaches(self, cursor: Any) -> bool:
        """Whether `cursor` is a time at the window's end or beyond."""
        try:
            return read_time(cursor, self.form) >= read_time(self.until, self.form)
        except (ValueError, TypeError):
            return False

    def inside(self, records: Sequence[msgspec.Raw], field: str | int) -> int:
        """How many of `records`, which come in the order of `field`, belong to the window.

        A record whose time cannot be read belongs to it: better twice than never.
        """
        for count in range(len(records), 0, -1):
            if not self.reaches(_value_of(records[count - 1], field)):
                return count
        return 0


def _value_of(record: msgspec.Raw, field: Any) -> Any:
    try:
        return msgspec.json.decode(record)[field]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, LookupError, TypeError):
        return None

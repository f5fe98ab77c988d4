"""A dead letter as it lies in the queue, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LetterStatus(StrEnum):
    """What became of a dead letter."""

    OPEN = "open"
    REPLAYED = "replayed"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter without its bytes, which are `size` long. Times are UTC."""

    dead_letter_id: int
    source: str
    stream: str
    sweep_id: int
    load_id: int
    page: int
    position: int
    size: int
    reason: str
    status: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WholeLetter(Letter):
    """All of a dead letter: `body` as the API sent them, `context` as JSON, and what became of it."""

    body: bytes
    context: bytes | None
    served_at: datetime | None
    mended_by_load_id: int | None
    mended_at: datetime | None
    discarded_at: datetime | None
    discarded_by: str | None
    discarded_because: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """Letters of one stream with one reason, places in the record left out of it."""

    source: str
    stream: str
    reason: str
    count: int

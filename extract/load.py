"""What a load is: pages of a sweep that commit at once, and what came of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from extract.ledger import Position, Sweep


@dataclass(slots=True)
class LoadedPage:
    """A page to be loaded. `number` counts from 1 in its sweep; `broken` maps positions to reasons.

    `unread` is set for a page that could not be read at all: why, and its body.
    """

    number: int
    records: Sequence[msgspec.Raw]
    size: int
    extracted_at: datetime
    served_at: datetime | None
    broken: dict[int, str] = field(default_factory=dict)
    unread: tuple[str, bytes] | None = None
    context: bytes | None = None  # of this page alone, instead of the load's


def _nothing() -> None:
    return None


@dataclass(slots=True)
class Load:
    """What commits at once: pages of a sweep, where it goes on, and whether it ends with them.

    While the rows are copied, `more` is asked for further pages until it gives None; by then it has brought
    `position`, `watermark`, `finishes` and `announced` up to date. `watermark` is what the sweep will have
    earned; with `finishes` it becomes the stream's cursor. `after` is the position that the load before it
    committed, where it is not the sweep's first. `announced` is how many records the API says the whole list
    has. A replay names the load that it mends, and the dead letters (ids) that it makes good.
    """

    run_id: UUID
    sweep: Sweep
    table: str
    context: bytes | None
    pages: list[LoadedPage]
    position: Position
    watermark: str | None
    finishes: bool
    more: Callable[[], LoadedPage | None] = _nothing
    after: Position | None = None
    announced: int | None = None
    replays_load_id: int | None = None
    mends: Sequence[int] = ()

    def arriving(self) -> Iterator[LoadedPage]:
        """All pages, those that are still to come included; they are kept, so that it can be done again."""
        yield from tuple(self.pages)
        while (page := self.more()) is not None:
            self.pages.append(page)
            yield page

    def settle(self) -> None:
        """From now on the load is what has arrived."""
        self.more = _nothing


@dataclass(frozen=True, slots=True)
class Loaded:
    """A committed load: its counts and its place in the commit order."""

    load_id: int
    load_order: int
    records: int
    dead_letters: int
    bytes: int

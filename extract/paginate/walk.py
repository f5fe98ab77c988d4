"""A walk over the pages of a list: a value that says where one stands, and the pages that it reads."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec

from extract.answer import Answer
from extract.envelope import Envelope


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: its records as slices of the body, and what the API says around them.

    `next_state` is the state of the walk to the page after it, None at the end. `as_of` is the API's own safe
    time of the answer, `total` its own count of the whole list, where it gives one. Records that the next page
    brings again are left out, so that `body` may hold more than `records`. `served_at` is when the answer was made,
    by the API's clock (UTC), as far as it tells.
    """

    records: list[msgspec.Raw]
    next_state: str | None
    as_of: str | None
    body: bytes
    total: int | None = None
    served_at: datetime | None = None


class Walk(Protocol):
    """Where a walk over the pages of a list stands, before a page is fetched. It never changes.

    `state` is what a load commits to go on from here; None is the first page.
    """

    @property
    def state(self) -> str | None: ...

    def params(self, page_size: int) -> dict[str, str]:
        """Query parameters of the request for this page."""
        ...

    def read(self, answer: Answer, page_size: int) -> Page:
        """The page in `answer` to a request for `page_size` records.

        Raises BadAnswerError for anything but the declared envelope, and where nothing tells how to go on.
        """
        ...

    def after(self, page: Page) -> "Walk | None":
        """The walk after `page`; None at the end. Raises BadAnswerError where `page` is the one before again."""
        ...

    def foreseen(self, page_size: int) -> "Walk | None":
        """The walk after this page where its address is known before the page is; else None.

        It may be wrong: where `after` gives another state, its page is to be dropped.
        """
        ...


class Paginator(Protocol):
    """How an API serves a list in pages, declared."""

    @property
    def envelope(self) -> Envelope: ...

    def start(self, state: str | None = None, since: str | None = None, until: str | None = None) -> Walk:
        """A walk from the first page, or from where `state` was committed.

        `since` (inclusive) and `until` (exclusive) bound the first page's walk, for kinds whose addresses are
        times or ids; the state keeps them. Times are RFC 3339 or spelt as the kind declares. Raises
        PageTokenExpiredError where `state` is none of this kind's.
        """
        ...

"""Pages chained by tokens."""

from dataclasses import dataclass
from typing import Any

import msgspec

from extract.answer import Answer
from extract.envelope import Envelope, Opener
from extract.json_shape import Leaf, Path
from extract.paginate.size import Size
from extract.paginate.walk import Page


@dataclass(frozen=True, slots=True)
class PageToken:
    """Pages chained by an opaque token: the answer names the token of the next page, null or "" at the end.

    `may_lack` says that the last answer leaves the field out. An empty page with a token is not the end. Sample:
    {"data": [{...}], "next_page_token": "abc", "has_more": true, "as_of": "2026-03-16T00:00:00.000Z"}
    """

    envelope: Envelope = Envelope("data", as_of="as_of")
    next_token: Path = "next_page_token"  # noqa: S105 - the name of a field
    token_param: str = "page_token"  # noqa: S105 - the name of a parameter
    size: Size = Size("page_size")
    may_lack: bool = False

    def __post_init__(self) -> None:
        self._opener()

    def start(
        self,
        state: str | None = None,
        since: str | None = None,  # noqa: ARG002 - the stream's cursor parameter carries it
        until: str | None = None,  # noqa: ARG002
    ) -> "TokenWalk":
        """A walk from the first page, or from the one that the token `state` names."""
        return TokenWalk(self, self._opener(), state)

    def _opener(self) -> Opener:
        token: Any = str | int | None
        default = None if self.may_lack else msgspec.NODEFAULT
        return Opener(self.envelope, {"next": (self.next_token, Leaf(token, default))})


@dataclass(frozen=True, slots=True)
class TokenWalk:
    """A walk over pages chained by tokens; its state is the token."""

    paginator: PageToken
    opener: Opener
    state: str | None

    def params(self, page_size: int) -> dict[str, str]:
        params = self.paginator.size.params(page_size)
        return params if self.state is None else params | {self.paginator.token_param: self.state}

    def read(self, answer: Answer, page_size: int) -> Page:  # noqa: ARG002 - the token alone tells of the end
        opened = self.opener.open(answer)
        token = opened.more["next"]
        following = None if token in (None, "") else str(token)
        return Page(opened.records, following, opened.as_of, answer.body, opened.total)

    def after(self, page: Page) -> "TokenWalk | None":
        return None if page.next_state is None else TokenWalk(self.paginator, self.opener, page.next_state)

    def foreseen(self, page_size: int) -> None:
        """Nothing: each answer names the next."""

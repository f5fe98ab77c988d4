"""Paginators: a declared part, which lays an answer out, and a walk: a value that says where one stands."""

from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from extract.answer import Answer
from extract.cursor import is_time
from extract.errors import BadAnswerError
from extract.lone_surrogates import covered, uncovered


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: its records as slices of the body, and the API's own safe time of it where it gives one.

    `next_state` is the state of the walk to the page after it, None at the end.
    """

    records: list[msgspec.Raw]
    next_state: str | None
    as_of: str | None
    body: bytes


class Walk(Protocol):
    """Where a walk over the pages of a list stands, before a page is fetched. It never changes.

    `state` is what a load commits to go on from here; None is the first page.
    """

    @property
    def state(self) -> str | None: ...

    def params(self, page_size: int) -> dict[str, str]:
        """Query parameters of the request for this page."""
        ...

    def read(self, answer: Answer) -> Page:
        """The page in `answer`. Raises BadAnswerError for anything but the declared envelope."""
        ...

    def after(self, page: Page) -> "Walk | None":
        """The walk after `page`; None at the end."""
        ...

    def foreseen(self, page_size: int) -> "Walk | None":
        """The walk after this page where its address is known before the page is; else None."""
        ...


@dataclass(frozen=True, slots=True)
class PageToken:
    """Pages chained by an opaque token: the answer names the token of the next page, null at the end.

    An empty page with a token is not the end. Sample:
    {"data": [{...}], "next_page_token": "abc", "has_more": true, "as_of": "2026-03-16T00:00:00.000Z"}
    """

    data: str = "data"
    next_token: str = "next_page_token"  # noqa: S105 - the name of a field
    as_of: str = "as_of"
    token_param: str = "page_token"  # noqa: S105 - the name of a parameter
    size_param: str = "page_size"

    def envelope(self, data: Any) -> Any:
        """A type that decodes an answer with `data` as the type of its list of records."""
        return msgspec.defstruct(
            "Envelope",
            [
                ("data", data),
                ("next_token", str | None),
                ("as_of", str | None, None),
            ],
            rename={"data": self.data, "next_token": self.next_token, "as_of": self.as_of},
            gc=False,
        )

    def start(self, state: str | None = None) -> Walk:
        """A walk from the first page, or from where `state` was committed."""
        return TokenWalk(self, state)


class TokenWalk:
    """A walk over pages chained by tokens; its state is the token."""

    def __init__(self, paginator: PageToken, token: str | None) -> None:
        self.state = token
        self._paginator = paginator
        self._decoder = msgspec.json.Decoder(paginator.envelope(list[msgspec.Raw]))

    def params(self, page_size: int) -> dict[str, str]:
        params = {self._paginator.size_param: str(page_size)}
        if self.state is not None:
            params[self._paginator.token_param] = self.state
        return params

    def read(self, answer: Answer) -> Page:
        try:
            envelope = self._decode(answer.body)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise BadAnswerError(_describe(answer.body, error)) from error
        if envelope.as_of is not None and not is_time(envelope.as_of):
            told = f"the answer's {self._paginator.as_of} is no time with a zone: {envelope.as_of[:40]!r}"
            raise BadAnswerError(told)
        return Page(envelope.data, envelope.next_token, envelope.as_of, answer.body)

    def after(self, page: Page) -> "TokenWalk | None":
        return None if page.next_state is None else TokenWalk(self._paginator, page.next_state)

    def foreseen(self, page_size: int) -> None:
        """Nothing: each answer names the next."""

    def _decode(self, body: bytes) -> Any:
        try:
            return self._decoder.decode(body)
        except msgspec.DecodeError:
            cover = covered(body)
            if cover == body:
                raise
        envelope = self._decoder.decode(cover)
        array = msgspec.json.decode(cover, type=self._paginator.envelope(msgspec.Raw)).data
        envelope.data = uncovered(envelope.data, array, cover, body)
        return envelope


def _describe(body: bytes, error: Exception) -> str:
    """What came instead of the declared envelope, in a few words."""
    start = body[:200].decode("utf-8", "replace").strip()
    if start[:1] == "<":
        return f"the answer is HTML or XML, not JSON: {start[:80]!r}"
    try:
        told = msgspec.json.decode(body, type=_Told)
    except (msgspec.MsgspecError, RecursionError):
        told = _Told()
    if told.error is not msgspec.UNSET:
        return f"the answer is an error body: {start[:120]!r}"
    return f"the answer is not the declared JSON envelope ({error}): {start[:80]!r}"


class _Told(msgspec.Struct):
    error: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET

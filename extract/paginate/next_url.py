"""Pages chained by the URL of the next one, in the Link header or in the body."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urljoin, urlsplit

import msgspec

from extract.answer import Answer
from extract.envelope import Envelope, Opened, Opener
from extract.errors import BadAnswerError
from extract.json_shape import Leaf, Path
from extract.link_header import link_target
from extract.paginate.size import Size
from extract.paginate.walk import Page

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class LinkHeader:
    """Pages chained by a header such as `Link: <https://api.example.com/things?page=2>; rel="next"`.

    Only the query of the next URL is taken, never its host: a credential goes where it is declared to go. The
    URL must be of the same origin and path, or with `other_path` (GitHub's are) of the same origin. `without`
    names parameters that are not kept: credentials that the API echoes.
    """

    envelope: Envelope = Envelope(None)
    size: Size = Size("per_page")
    other_path: bool = False
    without: tuple[str, ...] = ()

    def start(
        self,
        state: str | None = None,
        since: str | None = None,  # noqa: ARG002 - the stream's cursor parameter carries it
        until: str | None = None,  # noqa: ARG002
    ) -> "UrlWalk":
        """A walk from the first page, or from the query string `state`."""
        return UrlWalk(
            _Following(_in_header, self.size, self.other_path, self.without), Opener(self.envelope), state
        )


@dataclass(frozen=True, slots=True)
class NextUrl:
    """Pages chained by a field that holds the URL of the next page, null or "" at the end.

    `may_lack` says that the last answer leaves it out; the rest is as with LinkHeader. Sample:
    {"data": [{...}], "next": "https://api.example.com/things?cursor=abc"}
    """

    envelope: Envelope = Envelope()
    next_url: Path = "next"
    size: Size = Size("limit")
    other_path: bool = False
    without: tuple[str, ...] = ()
    may_lack: bool = False

    def __post_init__(self) -> None:
        self._opener()

    def start(
        self,
        state: str | None = None,
        since: str | None = None,  # noqa: ARG002 - the stream's cursor parameter carries it
        until: str | None = None,  # noqa: ARG002
    ) -> "UrlWalk":
        """A walk from the first page, or from the query string `state`."""
        return UrlWalk(_Following(_in_body, self.size, self.other_path, self.without), self._opener(), state)

    def _opener(self) -> Opener:
        leaf = Leaf(str | None, None if self.may_lack else msgspec.NODEFAULT)
        return Opener(self.envelope, {"next": (self.next_url, leaf)})


@dataclass(frozen=True, slots=True)
class _Following:
    """How a walk follows URLs."""

    found_in: Callable[[Opened, Answer], str | None]
    size: Size
    other_path: bool
    without: tuple[str, ...]

    def query(self, opened: Opened, answer: Answer) -> str | None:
        """The query string of the next page; None at the end."""
        found = self.found_in(opened, answer)
        if not found:
            return None
        try:
            here, there = urlsplit(answer.url), urlsplit(urljoin(answer.url, found))
            same = _origin(here) == _origin(there)
            params = parse_qsl(there.query, keep_blank_values=True, errors="strict")
        except ValueError:
            raise BadAnswerError(f"the answer's next URL is none: {found[:80]!r}") from None
        if not same or not (self.other_path or unquote(here.path) == unquote(there.path)):
            raise BadAnswerError(
                f"the answer's next page is at {_plain(there)}, this one is at {_plain(here)}"
            )
        kept = [(name, value) for name, value in params if name not in self.without]
        repeated = {name for name, _ in kept if [other for other, _ in kept].count(name) > 1}
        if repeated or not kept:
            told = f"names {min(repeated)} more than once" if repeated else "has no query"
            raise BadAnswerError(f"the answer's next URL {told}: {_plain(there)}")
        return urlencode(kept)


@dataclass(frozen=True, slots=True)
class UrlWalk:
    """A walk over pages chained by URLs; its state is the query string of the page."""

    following: _Following
    opener: Opener
    state: str | None

    def params(self, page_size: int) -> dict[str, str]:
        if self.state is None:
            return self.following.size.params(page_size)
        return dict(parse_qsl(self.state, keep_blank_values=True))

    def read(self, answer: Answer, page_size: int) -> Page:  # noqa: ARG002 - the URL alone tells of the end
        opened = self.opener.open(answer)
        query = self.following.query(opened, answer)
        return Page(opened.records, query, opened.as_of, answer.body, opened.total)

    def after(self, page: Page) -> "UrlWalk | None":
        return None if page.next_state is None else UrlWalk(self.following, self.opener, page.next_state)

    def foreseen(self, page_size: int) -> None:
        """Nothing: each answer names the next."""


def _in_header(_opened: Opened, answer: Answer) -> str | None:
    try:
        return link_target(answer.headers.get("link", ""), "next")
    except ValueError as error:
        raise BadAnswerError(f"the answer's Link header is {error}") from None


def _in_body(opened: Opened, _answer: Answer) -> str | None:
    found: str | None = opened.more["next"]
    return found


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or _PORTS.get(url.scheme)


def _plain(url: SplitResult) -> str:
    """A URL without what may be secret in it."""
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"

"""The kinds of paging, each told by the fields, headers and query parameters that common APIs give it.

A kind more is one function more in KINDS, the surest first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from extract.link_header import link_target
from extract.new_source.guess import Guess
from extract.new_source.names import camel_case, snake_case
from extract.paginate import Envelope, LinkHeader, NextUrl, PageNumber, PageOffset, PageToken, Paginator, Size

# Names of the field with the next page's token, and what the parameter is called that takes it.
_TOKENS = {
    "next_page_token": "page_token",
    "next_cursor": "cursor",
    "next_page_cursor": "cursor",
    "end_cursor": "cursor",
    "next_token": "next_token",
    "continuation_token": "continuation_token",
    "cursor": "cursor",
    "after": "after",
    "next": "cursor",
}
_URLS = ("next", "next_url", "next_page", "next_page_url", "next_link", "href", "odata_next_link")
_SIZES = ("page_size", "per_page", "limit", "max_results", "size", "count", "pagesize", "top")
_OFFSETS = ("offset", "skip", "start", "start_at", "start_index")
_NUMBERS = ("page", "page_number", "current_page", "p")
_TOTALS = ("total", "total_count", "total_results", "total_records", "total_items")
_PAGE_COUNTS = ("total_pages", "page_count", "last_page", "pages")
_MORE = ("has_more", "has_next", "has_next_page", "more")
_COUNT_HEADERS = ("x-total-count", "x-total", "total-count")


@dataclass(frozen=True, slots=True)
class Seen:
    """A first answer: its fields by dotted path (records aside), where its records are, and what it was asked with."""

    fields: Mapping[str, Any]
    records: str | None
    headers: Mapping[str, str]
    url: str
    query: Mapping[str, str]

    def field(self, names: tuple[str, ...], kind: type) -> str | None:
        """The path of the first field whose last word is one of `names` and whose value is of `kind`."""
        for name in names:
            for path, value in self.fields.items():
                if snake_case(path.rpartition(".")[2]) == name and type(value) is kind:
                    return path
        return None

    def param(self, names: tuple[str, ...]) -> str | None:
        """The parameter of the URL that is called like one of `names`."""
        return next((param for name in names for param in self.query if snake_case(param) == name), None)

    def envelope(self) -> Envelope:
        """Where the records are, and the server's own time and count where it gives them."""
        header = next((name for name in _COUNT_HEADERS if name in self.headers), None)
        if self.records is None:
            return Envelope(None, total_header=header)
        as_of = "as_of" if "as_of" in self.fields else None
        return Envelope(self.records, as_of=as_of, total=self.field(_TOTALS, int))


@dataclass(frozen=True, slots=True)
class Found:
    """`paginator` as it will be declared, and the parameters of the URL that it sends by itself."""

    paginator: Paginator
    guess: Guess
    params: tuple[str | None, ...]


def _by_link_header(seen: Seen) -> Found | None:
    try:
        url = link_target(seen.headers.get("link", ""), "next")
    except ValueError:
        return None
    if url is None:
        return None
    size = seen.param(_SIZES)
    guess = Guess(
        "pages", "LinkHeader", 'the header Link names the next page (rel="next")', _doubt(size, "per_page")
    )
    return Found(LinkHeader(seen.envelope(), Size(size or "per_page")), guess, (size, seen.param(_NUMBERS)))


def _by_next_url(seen: Seen) -> Found | None:
    for name in _URLS:
        path = seen.field((name,), str)
        if path and ("://" in seen.fields[path] or seen.fields[path].startswith(("/", "?"))):
            size = seen.param(_SIZES)
            guess = Guess("pages", "NextUrl", f"{path} holds the URL of the next page", _doubt(size, "limit"))
            paginator = NextUrl(seen.envelope(), path, Size(size or "limit"), may_lack=True)
            return Found(paginator, guess, (size, seen.param(_NUMBERS), seen.param(_OFFSETS)))
    return None


def _by_token(seen: Seen) -> Found | None:
    """A field of a well-known name that holds a text, or null at the end."""
    for known, param in _TOKENS.items():
        path = seen.field((known,), str) or seen.field((known,), type(None))
        if path is None:
            continue
        spelt = camel_case if path.rpartition(".")[2] != known else str
        size = seen.param(_SIZES)
        custom = spelt("page_size" if known == "next_page_token" else "limit")
        paginator = PageToken(seen.envelope(), path, spelt(param), Size(size or custom), may_lack=True)
        why = f"{path} names the next page, {spelt(param)} takes it by custom"
        guess = Guess("pages", "PageToken", why, _doubt(size, custom))
        return Found(paginator, guess, (size, paginator.token_param))
    return None


def _by_offset(seen: Seen) -> Found | None:
    param, path = seen.param(_OFFSETS), seen.field(_OFFSETS, int)
    if param is None and path is None:
        return None
    name = param or str(path).rpartition(".")[2]
    size = seen.param(_SIZES) or _last(seen.field(_SIZES, int))
    more = seen.field(_MORE, bool)
    paginator = PageOffset(seen.envelope(), name, Size(size or "limit"), more)
    why = f"the URL has {param}" if param else f"{path} tells how many records lie before"
    return Found(paginator, Guess("pages", "PageOffset", why, _doubt(size, "limit")), (size, param))


def _by_number(seen: Seen) -> Found | None:
    param, path = seen.param(_NUMBERS), seen.field(_NUMBERS, int)
    count, more = seen.field(_PAGE_COUNTS, int), seen.field(_MORE, bool)
    if param is None and path is None and count is None:
        return None
    name = param or _last(path) or "page"
    size = seen.param(_SIZES) or _last(seen.field(_SIZES, int))
    given = seen.query.get(param, "") if param else seen.fields.get(path or "")
    first = 0 if str(given) == "0" else 1
    paginator = PageNumber(
        seen.envelope(),
        name,
        Size(size or "per_page"),
        first,
        has_more=more,
        total_pages=None if more else count,
    )
    why = f"the URL has {param}" if param else f"{path or count} tells of numbered pages"
    return Found(paginator, Guess("pages", "PageNumber", why, _doubt(size, "per_page")), (size, param))


KINDS: tuple[Callable[[Seen], Found | None], ...] = (
    _by_link_header,
    _by_next_url,
    _by_token,
    _by_offset,
    _by_number,
)


def _last(path: str | None) -> str | None:
    return path.rpartition(".")[2] if path else None


def _doubt(size: str | None, custom: str) -> str | None:
    """What to look at where neither the URL nor the answer says what a page's size is called."""
    return (
        None
        if size
        else f"{custom}, how many records a page holds, is a name by custom: does the API call it so?"
    )

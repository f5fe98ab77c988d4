"""How a list is paged, told by the fields that common APIs give it: where its records are, and the next page.

A kind of paginator more is one function more in _KINDS.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from extract.answer import Answer
from extract.errors import BadAnswerError, ConfigurationError, one_line
from extract.new_source.guess import Guess
from extract.new_source.names import camel_case, snake_case
from extract.paginate import PageToken

_LISTS = ("data", "items", "results", "records", "entries", "rows", "values", "value", "objects", "content")
# Names of the field with the next page's token, and what the parameter is called that takes it.
_TOKENS = {
    "next_page_token": "page_token",
    "next_cursor": "cursor",
    "next_page_cursor": "cursor",
    "end_cursor": "cursor",
    "next_token": "next_token",
    "continuation_token": "continuation_token",
    "cursor": "cursor",
    "next": "cursor",
}
_SIZES = ("page_size", "per_page", "limit", "max_results", "size", "count", "pagesize")


@dataclass(frozen=True, slots=True)
class Paging:
    """`paginator` as it will be declared, `records` the list's field, `params` the query without what pages."""

    paginator: PageToken
    records: str
    params: Mapping[str, str]
    page_size: int
    guesses: tuple[Guess, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    body: dict[str, Any]
    records: str
    query: Mapping[str, str]


def guess_paging(answer: Answer, stream: str, query: Mapping[str, str]) -> Paging:
    """How the list in `answer`, asked for with `query`, is paged.

    Raises BadAnswerError where it is no JSON or holds no list of objects, and ConfigurationError where its
    way to the next page is none that there is a paginator for.
    """
    body = _json(answer)
    if not isinstance(body, dict):
        raise ConfigurationError(
            "the answer is a bare list; there is a paginator only for lists in an object"
        )
    at, why = _list_in(body, stream)
    seen = _Seen(body, at, query)
    for kind in _KINDS:
        found = kind(seen)
        if found is not None:
            paginator, how, names = found
            size = next((query[name] for name in query if name == paginator.size_param), None)
            page_size = int(size) if size is not None and size.isdigit() else len(body[at])
            params = {name: value for name, value in query.items() if name not in names}
            guesses = (
                Guess("records", at, why),
                how,
                Guess(
                    "page size", str(page_size), "as the URL says" if size else "what the API served unasked"
                ),
            )
            return Paging(paginator, at, params, min(max(page_size, 1), 1000), guesses)
    told = ", ".join(key for key in body if key != at) or "nothing"
    raise ConfigurationError(
        f"the answer does not say where its next page is: beside the list {at} it holds {one_line(told, 200)}; "
        f"known are {', '.join(_TOKENS)}"
    )


def _by_token(seen: _Seen) -> tuple[PageToken, Guess, tuple[str, ...]] | None:
    """A field of a well-known name that holds a text, or null at the end."""
    for known, param in _TOKENS.items():
        for field, value in seen.body.items():
            if snake_case(field) != known or not isinstance(value, str | None) or "://" in (value or ""):
                continue
            spelt = camel_case if field != known else str
            size = next((name for name in seen.query if snake_case(name) in _SIZES), None)
            size_param = size or spelt("page_size" if known == "next_page_token" else "limit")
            paginator = PageToken(
                data=seen.records, next_token=field, token_param=spelt(param), size_param=size_param
            )
            doubt = None if size else f"size_param={size_param!r} goes by custom: does the API call it so?"
            why = f"{field} names the next page, {spelt(param)} takes it by custom"
            return paginator, Guess("pages", "PageToken", why, doubt), (size_param, paginator.token_param)
    return None


_KINDS: tuple[Callable[[_Seen], tuple[PageToken, Guess, tuple[str, ...]] | None], ...] = (_by_token,)


def _json(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError:
        start = answer.body[:80].decode("utf-8", "replace")
        raise BadAnswerError(f"the answer is no JSON: {one_line(start)!r}") from None


def _list_in(body: dict[str, Any], stream: str) -> tuple[str, str]:
    """The field that holds the records, and why it does."""
    lists = {key: value for key, value in body.items() if isinstance(value, list) and _all_objects(value)}
    if not lists:
        told = one_line(", ".join(body), 200)
        raise BadAnswerError(f"the answer holds no list of objects; its fields: {told or 'none'}")
    if len(lists) == 1:
        return next(iter(lists)), "the only list of objects"
    for name in (stream, *_LISTS):
        if name in lists:
            return name, f"of {len(lists)} lists of objects the one called so"
    return max(lists, key=lambda key: len(lists[key])), f"the longest of {len(lists)} lists of objects"


def _all_objects(values: list[Any]) -> bool:
    return all(isinstance(value, dict) for value in values)

"""How a list is paged: where its records are in the answer, and which kind of paging its fields tell of."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from extract.answer import Answer
from extract.errors import BadAnswerError, ConfigurationError, one_line
from extract.new_source.guess import Guess
from extract.new_source.page_kinds import KINDS, Found, Seen
from extract.paginate import Paginator

_LISTS = ("data", "items", "results", "records", "entries", "rows", "values", "value", "objects", "content")
_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Paging:
    """`paginator` as it will be declared, `records` of the answer, `params` the query without what pages."""

    paginator: Paginator
    records: list[dict[str, Any]]
    params: Mapping[str, str]
    page_size: int
    guesses: tuple[Guess, ...]


def guess_paging(answer: Answer, stream: str, query: Mapping[str, str]) -> Paging:
    """How the list in `answer`, asked for with `query`, is paged.

    Raises BadAnswerError where it is no JSON or holds no list of objects, and ConfigurationError where
    nothing tells of its next page.
    """
    body = _json(answer)
    fields = dict(_fields(body)) if isinstance(body, dict) else {}
    at, why = _list_in(fields, stream) if isinstance(body, dict) else (None, "the body itself is the list")
    records = body if at is None else fields.pop(at)
    if not isinstance(records, list) or not _all_objects(records):
        raise BadAnswerError("the answer is a list, but not of objects")
    found = _kind(Seen(fields, at, answer.headers, answer.url, query))
    size_param = next((name for name in found.params[:1] if name in query), None)
    size = query[size_param] if size_param else ""
    page_size = int(size) if size.isdigit() else len(records)
    return Paging(
        paginator=found.paginator,
        records=records,
        params={name: value for name, value in query.items() if name not in found.params},
        page_size=min(max(page_size, 1), 1000),
        guesses=(
            Guess("records", at or "the whole answer", why),
            found.guess,
            Guess("page size", str(page_size), "as the URL says" if size else "what the API served unasked"),
        ),
    )


def _kind(seen: Seen) -> Found:
    for kind in KINDS:
        found = kind(seen)
        if found is not None:
            return found
    told = one_line(", ".join(seen.fields), 200)
    raise ConfigurationError(
        f"nothing tells of the next page: beside the records the answer holds {told or 'nothing'}, and no Link "
        "header; if its pages go by number or offset, let --url say so: ?page=1&per_page=100 or ?offset=0&limit=100"
    )


def _json(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError:
        start = answer.body[:80].decode("utf-8", "replace")
        raise BadAnswerError(f"the answer is no JSON: {one_line(start)!r}") from None


def _fields(body: dict[str, Any], prefix: str = "", depth: int = 1) -> Iterator[tuple[str, Any]]:
    """Fields by dotted path, outer ones first, objects opened; names with dots in them cannot be addressed."""
    plain = {key: value for key, value in body.items() if "." not in key}
    yield from ((prefix + key, value) for key, value in plain.items() if not isinstance(value, dict))
    for key, value in plain.items():
        if isinstance(value, dict) and depth < _DEPTH:
            yield from _fields(value, f"{prefix}{key}.", depth + 1)


def _list_in(fields: Mapping[str, Any], stream: str) -> tuple[str, str]:
    """The path that holds the records, and why it does."""
    lists = {path: value for path, value in fields.items() if isinstance(value, list) and _all_objects(value)}
    if not lists:
        told = one_line(", ".join(fields), 200)
        raise BadAnswerError(f"the answer holds no list of objects; its fields: {told or 'none'}")
    if len(lists) == 1:
        return next(iter(lists)), "the only list of objects"
    for name in (stream, *_LISTS):
        named = [path for path in lists if path.rpartition(".")[2] == name]
        if named:
            return named[0], f"of {len(lists)} lists of objects the one called so"
    return max(lists, key=lambda path: len(lists[path])), f"the longest of {len(lists)} lists of objects"


def _all_objects(values: list[Any]) -> bool:
    return all(isinstance(value, dict) for value in values)

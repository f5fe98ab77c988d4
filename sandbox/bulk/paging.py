"""Which orders a request asks for. A page token carries the query's range and the position in it."""

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from sandbox.bulk.config import BulkConfig
from sandbox.bulk.orders import first_index, instant
from sandbox.bulk.records import Buffer, page_records
from sandbox.smartpizza.problems import ProblemError, bad_request
from sandbox.smartpizza.times import format_instant, parse_instant

_MAX_PAGE_SIZE = 10_000
_TOKEN = re.compile(r"(\d+)-(\d*)-(\d+)-(\d+)")
_KNOWN = {"updated_since", "updated_until", "page_size", "page_token", "include_deleted", "region"}


class Slice(NamedTuple):
    """Orders `start` to `stop` (exclusive), and the token of the page after them."""

    start: int
    stop: int
    next_token: str | None


def read_slice(config: BulkConfig, query: Mapping[str, str], generation: int) -> Slice:
    """The slice that `query` asks for; tokens of earlier generations have expired.

    Raises ProblemError: 400 for a query that makes no sense, 410 for an expired token.
    """
    if unknown := query.keys() - _KNOWN:
        raise bad_request(f"unknown parameter {min(unknown)}; known: {', '.join(sorted(_KNOWN))}")
    first = _index(query, "updated_since") or 0
    until = _index(query, "updated_until")
    start = _position(query["page_token"], first, until, generation) if "page_token" in query else first
    end = config.records if until is None else min(until, config.records)
    stop = max(start, min(start + _page_size(query), end))
    bound = "" if until is None else until
    return Slice(start, stop, f"{first}-{bound}-{stop}-{generation}" if stop < end else None)


def page_parts(config: BulkConfig, page: Slice) -> list[Buffer]:
    """The answer, in pieces: the envelope around the orders. as_of is the newest order's updated_at."""
    as_of = format_instant(instant(max(0, config.records - 1)))
    told = {"next_page_token": page.next_token, "has_more": page.next_token is not None}
    after = msgspec.json.encode({**told, "as_of": as_of, "schema_version": "2026-03"})
    return [b'{"data":[', *page_records(config, page.start, page.stop), b"]," + after[1:]]


def _position(token: str, first: int, until: int | None, generation: int) -> int:
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise bad_request("page_token is not one that this API issued: send next_page_token unchanged")
    if (int(found[1]), found[2]) != (first, "" if until is None else str(until)):
        raise bad_request("page_token belongs to another query: send the parameters it was issued for")
    if int(found[4]) != generation:
        raise ProblemError(
            410,
            "page-token-expired",
            "page_token has expired: start again from the last committed watermark",
        )
    return int(found[3])


def _index(query: Mapping[str, str], name: str) -> int | None:
    if name not in query:
        return None
    try:
        return first_index(parse_instant(query[name]))
    except ValueError as error:
        raise bad_request(f"{name}: {error}") from None


def _page_size(query: Mapping[str, str]) -> int:
    text = query.get("page_size", "1000")
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MAX_PAGE_SIZE):
        raise bad_request(f"page_size is {text!r}: give a whole number from 1 to {_MAX_PAGE_SIZE}")
    return int(text)

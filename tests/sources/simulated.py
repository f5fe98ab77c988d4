"""An API simulated from a source's own declaration: pages as its paginator lays them out, its credential.

A kind of paginator or of credential that a source declares is one function here, registered for its type.
"""

import json
from collections.abc import Callable
from datetime import datetime
from functools import singledispatch
from typing import Any

import httpx

from extract.cursor import parse_time
from extract.paginate import PageToken
from extract.source import Source, Stream
from tests.sources.cases import Record

Answer = Callable[[httpx.Request], httpx.Response]
GOOD, BAD = "right-credential", "wrong-credential"


class SimulatedApi(httpx.BaseTransport):
    """Serves one stream's `records`, in the order given, and writes down each request.

    `fail_from(n, answer)` gives `answer` to whoever asks for the page that begins at record n or a later one,
    until `mend()`.
    """

    def __init__(self, source: Source, stream: Stream, records: list[Record]) -> None:
        self.records = records
        self.requests: list[httpx.Request] = []
        self._source = source
        self._stream = stream
        self._failing: Answer | None = None
        self._fails_from = 0

    def fail_from(self, position: int, answer: Answer) -> None:
        self._fails_from, self._failing = position, answer

    def mend(self) -> None:
        self._failing = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if not is_let_in(request):
            return as_json({"title": "unauthorized"}, status=401)
        if request.url.path != self._stream.path:
            return as_json({"title": f"no such list: {request.url.path}"}, status=404)
        paginator, listed = self._stream.paginator, self._listed(request)
        asked = page_asked(paginator, request, listed)
        if self._failing is not None and asked.start >= self._fails_from:
            return self._failing(request)
        return laid_out(paginator, request, listed, asked)

    def asked_since(self, request: httpx.Request) -> datetime | None:
        """The lower bound that a request names."""
        cursor = self._stream.cursor
        since = request.url.params.get(cursor.param) if cursor else None
        return parse_time(since) if since is not None else None

    def _listed(self, request: httpx.Request) -> list[Record]:
        """The records that the request's lower bound lets through; it is inclusive."""
        cursor, since = self._stream.cursor, self.asked_since(request)
        if cursor is None or since is None:
            return self.records
        return [record for record in self.records if parse_time(record[cursor.field]) >= since]


@singledispatch
def page_asked(paginator: Any, request: httpx.Request, records: list[Record]) -> slice:
    """Which of `records` a request asks for; one function a kind of paginator."""
    raise AssertionError(unknown(paginator))


@singledispatch
def laid_out(paginator: Any, request: httpx.Request, records: list[Record], asked: slice) -> httpx.Response:
    """The page `asked` of `records`, and the way to the next one; one function a kind of paginator."""
    raise AssertionError(unknown(paginator))


def unknown(paginator: Any) -> str:
    return (
        f"the acceptance kit cannot simulate pages by {type(paginator).__name__}: register functions for it "
        "with page_asked and laid_out in tests/sources/simulated.py"
    )


@page_asked.register
def _(paginator: PageToken, request: httpx.Request, records: list[Record]) -> slice:
    start = int(request.url.params.get(paginator.token_param, "0"))
    return slice(start, start + int(request.url.params[paginator.size_param]))


@laid_out.register
def _(paginator: PageToken, request: httpx.Request, records: list[Record], asked: slice) -> httpx.Response:
    following = str(asked.stop) if asked.stop < len(records) else None
    return as_json({paginator.data: records[asked], paginator.next_token: following})


def credential(source: Source, secret: str) -> dict[str, str]:
    """The environment that gives `source` a credential of which `secret` is the secret part."""
    return {f"{source.name.upper()}_TOKEN": secret}


def is_let_in(request: httpx.Request) -> bool:
    """Whether the request carries the good credential."""
    return request.headers.get("authorization") == f"Bearer {GOOD}"


def as_json(body: Any, status: int = 200) -> httpx.Response:
    return as_bytes(json.dumps(body).encode(), status)


def as_bytes(body: bytes, status: int = 200, content_type: str = "application/json") -> httpx.Response:
    """An answer whose body is still to be read, as from a network."""
    return httpx.Response(status, stream=httpx.ByteStream(body), headers={"content-type": content_type})

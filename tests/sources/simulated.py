"""An API simulated from a source's own declaration: pages as its paginator lays them out, its credential.

A kind of paginator or of credential that a source declares is one function here, registered for its type.
"""

import base64
import json
from collections.abc import Callable
from functools import singledispatch
from typing import Any
from urllib.parse import parse_qsl

import httpx

from extract.auth_kinds import ApiKey, Basic, Bearer, NoAuth, OAuth2
from extract.json_shape import Path, steps
from extract.paginate import (
    Envelope,
    IdRange,
    LinkHeader,
    NextUrl,
    PageNumber,
    PageOffset,
    PageToken,
    SinglePage,
    Size,
    TimeWindow,
)
from extract.source import Source
from tests.sources.cases import Case, Place, Record

Answer = Callable[[httpx.Request], httpx.Response]
GOOD, BAD = "right-credential", "wrong-credential"


class SimulatedApi(httpx.BaseTransport):
    """Serves the stream of `case` with `records`, in the order given, and writes down each request.

    `fail_from(n, answer)` gives `answer` to whoever asks for the page that begins at record n or a later one,
    until `mend()`.
    """

    def __init__(self, case: Case, records: list[Record]) -> None:
        self.records = records
        self.requests: list[httpx.Request] = []
        self._case = case
        self._failing: Answer | None = None
        self._fails_from = 0

    def fail_from(self, position: int, answer: Answer) -> None:
        self._fails_from, self._failing = position, answer

    def mend(self) -> None:
        self._failing = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        auth = self._case.source.auth
        if request.method == "POST" and isinstance(auth, OAuth2):
            return token_for(auth, request)
        if not is_let_in(auth, request):
            return as_json({"title": "unauthorized"}, status=401)
        if request.url.path != self._case.stream.path:
            return as_json({"title": f"no such list: {request.url.path}"}, status=404)
        paginator, listed = self._case.stream.paginator, self._listed(request)
        asked = page_asked(paginator, request, listed)
        if self._failing is not None and asked.start >= self._fails_from:
            return self._failing(request)
        return laid_out(paginator, request, listed, asked)

    def asked_since(self, request: httpx.Request) -> Place | None:
        """The lower bound that a request names."""
        cursor = self._case.stream.cursor
        since = request.url.params.get(cursor.param) if cursor else None
        return None if since is None else self._case.place(since)

    def _listed(self, request: httpx.Request) -> list[Record]:
        """The records that the request's lower bound lets through; it is inclusive."""
        since = self.asked_since(request)
        if since is None or isinstance(self._case.stream.paginator, TimeWindow | IdRange):
            return self.records  # the bound is a page's address
        return [record for record in self.records if self._case.place_of(record) >= since]


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


def size_asked(size: Size, request: httpx.Request) -> int:
    """How many records the request wants: as it says, but never more than the API grants."""
    if size.param is None:
        assert size.most is not None, "a page has a size: declare its parameter or the most"
        return size.most
    return min(int(request.url.params[size.param]), size.most or 10_000)


def enveloped(
    envelope: Envelope, records: list[Record], asked: slice, beside: dict[Path, Any], **headers: str
) -> httpx.Response:
    """The records asked for where the envelope says, with its total, and `beside` them fields by path."""
    if envelope.total_header:
        headers[envelope.total_header] = str(len(records))
    if envelope.records is None:
        return as_json(records[asked], **headers)
    body: dict[str, Any] = {}
    total = {envelope.total: len(records)} if envelope.total else {}
    for path, value in {envelope.records: records[asked], **total, **beside}.items():
        *outer, last = steps(path)
        inner = body
        for name in outer:
            inner = inner.setdefault(name, {})
        inner[last] = value
    return as_json(body, **headers)


@page_asked.register
def _(paginator: PageToken, request: httpx.Request, records: list[Record]) -> slice:
    start = int(request.url.params.get(paginator.token_param, "0"))
    return slice(start, start + size_asked(paginator.size, request))


@laid_out.register
def _(paginator: PageToken, request: httpx.Request, records: list[Record], asked: slice) -> httpx.Response:
    following = str(asked.stop) if asked.stop < len(records) else None
    lacks = following is None and paginator.may_lack
    return enveloped(paginator.envelope, records, asked, {} if lacks else {paginator.next_token: following})


@page_asked.register
def _(paginator: PageOffset, request: httpx.Request, records: list[Record]) -> slice:
    start = int(request.url.params[paginator.offset_param])
    return slice(start, start + size_asked(paginator.size, request))


@laid_out.register
def _(paginator: PageOffset, request: httpx.Request, records: list[Record], asked: slice) -> httpx.Response:
    more = {paginator.has_more: asked.stop < len(records)} if paginator.has_more else {}
    return enveloped(paginator.envelope, records, asked, more)


@page_asked.register
def _(paginator: PageNumber, request: httpx.Request, records: list[Record]) -> slice:
    size = size_asked(paginator.size, request)
    start = (int(request.url.params[paginator.page_param]) - paginator.first) * size
    return slice(start, start + size)


@laid_out.register
def _(paginator: PageNumber, request: httpx.Request, records: list[Record], asked: slice) -> httpx.Response:
    beside: dict[Path, Any] = {}
    if paginator.has_more:
        beside[paginator.has_more] = asked.stop < len(records)
    if paginator.total_pages:
        beside[paginator.total_pages] = -(-len(records) // (asked.stop - asked.start))
    return enveloped(paginator.envelope, records, asked, beside)


@page_asked.register(LinkHeader)
@page_asked.register(NextUrl)
def _(paginator: LinkHeader | NextUrl, request: httpx.Request, records: list[Record]) -> slice:
    start = int(request.url.params.get("begins_at", "0"))
    return slice(start, start + size_asked(paginator.size, request))


@laid_out.register
def _(paginator: LinkHeader, request: httpx.Request, records: list[Record], asked: slice) -> httpx.Response:
    url = following_url(request, records, asked)
    links = {"link": f'<{url}>; rel="next", </first>; rel="first"'} if url else {}
    return enveloped(paginator.envelope, records, asked, {}, **links)


@laid_out.register
def _(paginator: NextUrl, request: httpx.Request, records: list[Record], asked: slice) -> httpx.Response:
    url = following_url(request, records, asked)
    lacks = url is None and paginator.may_lack
    return enveloped(paginator.envelope, records, asked, {} if lacks else {paginator.next_url: url})


@page_asked.register
def _(paginator: SinglePage, request: httpx.Request, records: list[Record]) -> slice:
    return slice(0, len(records))


@page_asked.register
def _(paginator: TimeWindow, request: httpx.Request, records: list[Record]) -> slice:
    assert not paginator.newest_first, "the acceptance kit lists the oldest first"
    given, ticks = request.url.params, paginator.ticks
    low, high = given.get(paginator.start_param), given.get(paginator.end_param)
    first = 0 if low is None else ticks.floor(low) + (not paginator.start_inclusive)
    last = None if high is None else ticks.floor(high) - (not paginator.end_inclusive)
    ticking = [ticks.floor(record[paginator.time]) for record in records]
    start = sum(tick < first for tick in ticking)
    stop = len(records) if last is None else sum(tick <= last for tick in ticking)
    return slice(start, max(start, min(stop, start + size_asked(paginator.size, request))))


@page_asked.register
def _(paginator: IdRange, request: httpx.Request, records: list[Record]) -> slice:
    """Without an id, by a time before them all."""
    by_id = request.url.params.get(paginator.from_param)
    assert by_id is not None or (paginator.time_param or "") in request.url.params
    start = 0 if by_id is None else sum(record[paginator.id] < int(by_id) for record in records)
    return slice(start, start + size_asked(paginator.size, request))


@laid_out.register(SinglePage)
@laid_out.register(TimeWindow)
@laid_out.register(IdRange)
def _(paginator: Any, request: httpx.Request, records: list[Record], asked: slice) -> httpx.Response:
    return enveloped(paginator.envelope, records, asked, {})


def following_url(request: httpx.Request, records: list[Record], asked: slice) -> str | None:
    """The URL of the next page: this one's with a parameter of the server's own."""
    at_end = asked.stop >= len(records)
    return None if at_end else str(request.url.copy_set_param("begins_at", str(asked.stop)))


def credential(source: Source, secret: str) -> dict[str, str]:
    """The environment that gives `source` a credential all of whose parts are `secret`."""
    return {f"{source.name.upper()}_{variable.suffix}": secret for variable in source.auth.variables}


@singledispatch
def is_let_in(auth: Any, request: httpx.Request) -> bool:
    """Whether the request carries the good credential; one function a kind of authentication."""
    raise AssertionError(
        f"the acceptance kit cannot simulate authentication by {type(auth).__name__}: register a function for it "
        "with is_let_in in tests/sources/simulated.py"
    )


@is_let_in.register
def _(auth: NoAuth, request: httpx.Request) -> bool:
    return "authorization" not in request.headers


@is_let_in.register(Bearer)
@is_let_in.register(OAuth2)
def _(auth: Bearer | OAuth2, request: httpx.Request) -> bool:
    return request.headers.get("authorization") == f"Bearer {GOOD}"


@is_let_in.register
def _(auth: ApiKey, request: httpx.Request) -> bool:
    place = request.headers if auth.place == "header" else request.url.params
    return place.get(auth.name) == GOOD


@is_let_in.register
def _(auth: Basic, request: httpx.Request) -> bool:
    return request.headers.get("authorization") == by_basic(GOOD)


def by_basic(secret: str) -> str:
    return "Basic " + base64.b64encode(f"{secret}:{secret}".encode()).decode()


def token_for(auth: OAuth2, request: httpx.Request) -> httpx.Response:
    """The answer of the token endpoint."""
    form = dict(parse_qsl(request.content.decode()))
    in_form = form.get("client_id") == form.get("client_secret") == GOOD
    in_header = request.headers.get("authorization") == by_basic(GOOD)
    if not (in_form if auth.client_in == "form" else in_header):
        return as_json({"error": "invalid_client"}, status=401)
    return as_json({"access_token": GOOD, "token_type": "Bearer", "expires_in": 3600})


def as_json(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    return as_bytes(json.dumps(body).encode(), status, **headers)


def as_bytes(
    body: bytes, status: int = 200, content_type: str = "application/json", **headers: str
) -> httpx.Response:
    """An answer whose body is still to be read, as from a network."""
    return httpx.Response(
        status, stream=httpx.ByteStream(body), headers={"content-type": content_type, **headers}
    )

"""A SmartPizza at the transport: pages of prepared records, and answers out of order on demand."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx

Answer = Callable[[httpx.Request], httpx.Response]


def order(number: int, minute: int = 0, **fields: Any) -> dict[str, Any]:
    """An order as far as extraction looks at it, changed at 10:`minute`."""
    return {
        "order_id": f"order-{number:06}",
        "version": 1,
        "updated_at": f"2026-03-16T{10 + minute // 60:02}:{minute % 60:02}:00.000Z",
    } | fields


class FakeApi(httpx.BaseTransport):
    """Serves `lists` (path -> records as dicts or bytes, in order) and writes down each request.

    `planned` answers come first, one a request; None in it stands for the usual answer. Tokens in `expired`
    answer 410; with `expires_after` every token does so after so many uses of tokens.
    """

    def __init__(self, **lists: list[Any]) -> None:
        self.lists = {f"/v1/{name}": records for name, records in lists.items()}
        self.as_of: str | None = "2026-03-16T12:00:00.000Z"
        self.planned: list[Answer | None] = []
        self.requests: list[httpx.Request] = []
        self.expire: Callable[[str, int], bool] = lambda _token, _use: False
        self._token_uses = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        planned = self.planned.pop(0) if self.planned else None
        return planned(request) if planned else self.page(request)

    def page(self, request: httpx.Request) -> httpx.Response:
        """The page that a request asks for."""
        query = dict(request.url.params)
        if request.headers.get("authorization") != "Bearer right-token":
            return answer(b'{"title": "unauthorized"}', status=401)
        start = 0
        if token := query.get("page_token"):
            self._token_uses += 1
            if self.expire(token, self._token_uses):
                return answer(b'{"type": "/page-token-expired"}', status=410)
            start = json.loads(base64.b64decode(token))["start"]
        since = query.get("updated_since") or query.get("since") or ""
        records = [record for record in self.lists.get(request.url.path, []) if _changed(record) >= since]
        end = start + int(query["page_size"])
        next_token = None
        if end < len(records):
            next_token = base64.b64encode(json.dumps({"start": end, "since": since}).encode()).decode()
        return envelope(records[start:end], next_token, self.as_of)


def envelope(records: list[Any], next_token: str | None = None, as_of: str | None = None) -> httpx.Response:
    """A page; records given as bytes go out as they are."""
    data = b",".join(
        record if isinstance(record, bytes) else json.dumps(record).encode() for record in records
    )
    tail = json.dumps({"next_page_token": next_token, "has_more": bool(next_token), "as_of": as_of})
    body = b'{"data":[' + data + b"]," + tail[1:].encode()
    return answer(body)


def answer(body: bytes, status: int = 200, **headers: str) -> httpx.Response:
    """An answer whose body is still to be read, as from a network; `_` in a header's name stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(
        status, stream=httpx.ByteStream(body), headers={"content-type": "application/json"} | named
    )


def _changed(record: Any) -> str:
    return (
        "9999"
        if isinstance(record, bytes)
        else str(record.get("updated_at") or record.get("erased_at") or "9999")
    )

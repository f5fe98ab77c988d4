"""A public API as its documentation would describe it, over a real socket: lists in pages by a cursor."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "test-token-of-the-shop"
Record = dict[str, Any]


def payment(number: int) -> Record:
    """A payment with a field of every kind: money as text and as a number, times in three spellings, a person."""
    return {
        "id": f"pay_{number:05}",
        "order": 1000 + number,
        "amount": f"{number}.50",
        "fee": number / 4,
        "currency": "EUR",
        "live": number % 2 == 0,
        "created": 1_772_000_000 + number,
        "dueOn": "2026-04-01",
        "updatedAt": f"2026-03-16T10:{number % 60:02}:00.000Z",
        "settledAt": None if number % 3 else "2026-03-17T00:00:00+01:00",
        "customerId": f"cus_{number % 7}",
        "customer_email": f"jane.doe{number % 7}@mail.test",
        "billing_details": {"name": f"Jane Doe {number % 7}", "phone": "+49 170 1234567"},
        "description": f"Call Jane Doe {number % 7} at +49 170 1234567",
        "lines": [{"sku": "a", "quantity": number}],
        "select": "a reserved word",
    }


def region(number: int) -> Record:
    """A region, of which nothing says when it changed."""
    return {"code": f"r{number}", "title": f"Region {number}", "parent": None if number < 3 else "r1"}


class PublicApi:
    """`lists` by path as {"results": [...], "next_cursor": ..., "has_more": ...}, at `url`."""

    def __init__(self, url: str, lists: dict[str, list[Record]]) -> None:
        self.url = url
        self.lists = lists
        self.requests: list[str] = []

    def answer(self, path: str, authorization: str | None) -> tuple[int, Any]:
        self.requests.append(path)
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if authorization != f"Bearer {TOKEN}":
            return 401, {"message": "who are you?"}
        if parts.path not in self.lists:
            return 404, {"message": "no such list"}
        since = query.get("updated_since", "")
        records = [record for record in self.lists[parts.path] if record.get("updatedAt", since) >= since]
        start, size = int(query.get("cursor", "0")), int(query.get("limit", "10"))
        end = start + size
        following = str(end) if end < len(records) else None
        return 200, {"results": records[start:end], "next_cursor": following, "has_more": end < len(records)}


@contextmanager
def served(**lists: list[Record]) -> Iterator[PublicApi]:
    """The API at a port of its own until the end of the block; each list by the last word of its path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = api.answer(self.path, self.headers.get("authorization"))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api = PublicApi(
        f"http://127.0.0.1:{server.server_port}", {f"/v1/{name}": records for name, records in lists.items()}
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

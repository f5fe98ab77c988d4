"""Public APIs as their documentation describes them, over a real socket: pages by cursor, Link header and number."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

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


def issue(number: int) -> Record:
    """An issue as GitHub documents it, in short."""
    return {
        "id": 9_000_000_000 + number,
        "number": number,
        "title": f"Found a bug, the {number}th",
        "user": {"login": "octocat", "id": 583231, "type": "User"},
        "labels": [{"name": "bug", "color": "f29513"}],
        "comments": number % 5,
        "locked": False,
        "milestone": None,
        "created_at": "2026-03-01T09:00:00Z",
        "updated_at": f"2026-03-16T11:{number % 60:02}:00Z",
        "html_url": f"https://github.test/octocat/Hello-World/issues/{number}",
        "body": "I'm having a problem with this, says octocat@mail.test.",
    }


class PublicApi:
    """Three lists at `url`: /v1/payments by a cursor, /v1/regions by page number, /repos/o/r/issues by Link header."""

    def __init__(self, url: str, **lists: list[Record]) -> None:
        self.url = url
        self.requests: list[str] = []
        self._lists = lists
        self._layouts = {"/v1/payments": _by_cursor, "/v1/regions": _by_number, "/repos/o/r/issues": _by_link}

    def answer(self, path: str, headers: Any) -> tuple[int, Any, dict[str, str]]:
        self.requests.append(path)
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        basic = "Basic " + base64.b64encode(f"shop:{TOKEN}".encode()).decode()
        is_known = (
            headers.get("authorization") in (f"Bearer {TOKEN}", basic) or headers.get("x-shop-key") == TOKEN
        )
        if not (is_known or "open" in query):
            return 401, {"message": "who are you?"}, {}
        if parts.path not in self._layouts:
            return 404, {"message": "no such list"}, {}
        since = query.get("updated_since") or query.get("since") or ""
        listed = self._lists.get(parts.path.rpartition("/")[2], [])
        records = [record for record in listed if _changed(record, since) >= since]
        return 200, *self._layouts[parts.path](records, query, f"{self.url}{parts.path}")


def _changed(record: Record, otherwise: str) -> str:
    return str(record.get("updatedAt") or record.get("updated_at") or otherwise)


def _by_cursor(records: list[Record], query: dict[str, str], _url: str) -> tuple[Any, dict[str, str]]:
    start = int(query.get("cursor", "0"))
    end = start + int(query.get("limit", "10"))
    following = str(end) if end < len(records) else None
    return {"results": records[start:end], "next_cursor": following, "has_more": end < len(records)}, {}


def _by_number(records: list[Record], query: dict[str, str], _url: str) -> tuple[Any, dict[str, str]]:
    page, size = int(query.get("page", "1")), int(query.get("per_page", "5"))
    meta = {"page": page, "per_page": size, "total": len(records), "total_pages": -(-len(records) // size)}
    return {"data": records[(page - 1) * size : page * size], "meta": meta}, {}


def _by_link(records: list[Record], query: dict[str, str], url: str) -> tuple[Any, dict[str, str]]:
    page, size = int(query.get("page", "1")), int(query.get("per_page", "30"))
    following = urlencode(query | {"page": str(page + 1)})
    links = {"link": f'<{url}?{following}>; rel="next", <{url}?page=9>; rel="last"'}
    return records[(page - 1) * size : page * size], links if page * size < len(records) else {}


@contextmanager
def served(**lists: list[Record]) -> Iterator[PublicApi]:
    """The API at a port of its own until the end of the block; each list by the last word of its path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, headers = api.answer(self.path, self.headers)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api = PublicApi(f"http://127.0.0.1:{server.server_port}", **lists)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

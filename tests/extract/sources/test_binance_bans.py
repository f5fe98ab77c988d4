"""Bans, limits and a firewall, as Binance answers: over real HTTP, judged by the server's own log."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from extract.database import open_pool
from extract.errors import Exit
from extract.pipeline import run_source
from extract.run_record import RunResult
from extract.settings import DatabaseSettings, HttpSettings, RunSettings, Settings
from extract.sources import all_sources
from tests.extract.sources.conftest import Rows

BINANCE = all_sources()["binance"]
GOOD = {
    "/api/v3/time": {"serverTime": 0},
    "/api/v3/exchangeInfo": {"symbols": [{"symbol": "BTCUSDT", "status": "TRADING"}]},
    "/api/v3/klines": [],
}


class Server(ThreadingHTTPServer):
    """Answers like Binance, `faults` (status, headers, body) first; `calls` holds when each call came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.calls: list[float] = []
        self.faults: list[tuple[int, dict[str, str], bytes]] = []
        self.guard = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def called_between(self, begin: float, end: float) -> list[float]:
        return [moment for moment in self.calls if begin < moment < end]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        with self.server.guard:
            self.server.calls.append(time.time())
            good = json.dumps(GOOD[self.path.partition("?")[0]]).encode()
            status, headers, body = self.server.faults.pop(0) if self.server.faults else (200, {}, good)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def pod(elt_database: Any, server: Server) -> Callable[..., RunResult]:
    """Runs klines as in a pod of its own; keywords are [http]."""

    def run(**http: Any) -> RunResult:
        section = {"base_url": server.url, "symbols": ("BTCUSDT",), "max_skew_seconds": 1e12}
        settings = Settings(
            run=RunSettings(parallel=1),
            http=HttpSettings(**{"backoff_seconds": 0, "attempts": 3, "retry_seconds": 30} | http),
            sources={"binance": BINANCE.settings.model_validate(section)},
        )
        pool: ConnectionPool
        with open_pool(DatabaseSettings(attempts=1), elt_database.conninfo("extractor")) as pool:
            return run_source(pool, settings, BINANCE, [BINANCE.stream("klines")])

    return run


def told_in_the_header(seconds: float) -> tuple[int, dict[str, str], bytes]:
    return (
        418,
        {"Retry-After": f"{seconds:.0f}"},
        b'{"code": -1003, "msg": "Way too much request weight used."}',
    )


def told_in_the_body(seconds: float) -> tuple[int, dict[str, str], bytes]:
    until = int((time.time() + seconds) * 1000)
    words = f"Way too much request weight used; IP banned until {until}. Please use WebSocket Streams."
    return 418, {}, json.dumps({"code": -1003, "msg": words}).encode()


@pytest.mark.parametrize("told", [told_in_the_header, told_in_the_body])
def test_a_ban_that_is_too_long_is_waited_for_or_forgotten_by_the_next_run(
    told: Callable[[float], Any], pod: Callable[..., RunResult], server: Server
) -> None:
    begin = time.time()
    server.faults = [told(4)]
    first = pod(retry_seconds=1)
    assert first.exit_code == Exit.UNREACHABLE
    assert "not to be asked before 20" in str(first.error)
    later = pod(retry_seconds=1)
    assert later.exit_code == Exit.UNREACHABLE
    assert "the API has asked everybody to wait" in str(later.error)
    assert "not before 20" in str(later.error)
    assert pod().exit_code == Exit.DONE
    assert len(server.calls) == 1 + 3
    assert server.called_between(server.calls[0], begin + 4) == []


def test_a_ban_in_mid_run_is_followed_by_another_call(pod: Callable[..., RunResult], server: Server) -> None:
    server.faults = [
        (200, {}, b'{"serverTime": 0}'),
        (429, {"Retry-After": "1"}, b'{"code": -1003, "msg": "Too much request weight used."}'),
        told_in_the_header(2),
    ]
    result = pod()
    assert result.exit_code == Exit.DONE, result.error
    limited, banned = server.calls[1:3]
    assert server.called_between(limited, limited + 1) == []
    assert server.called_between(banned, banned + 2) == []
    assert len(server.calls) == 5


def test_a_ban_of_no_told_length_is_called_into(
    pod: Callable[..., RunResult], server: Server, rows: Rows
) -> None:
    server.faults = [(418, {}, b"")]
    assert pod().exit_code == Exit.UNREACHABLE
    assert len(server.calls) == 1
    left = rows("select extract(epoch from blocked_until - clock_timestamp()) > 100 from ops.request_budgets")
    assert left == [(True,)]


def test_a_firewall_that_answers_html_ends_the_run(pod: Callable[..., RunResult], server: Server) -> None:
    page = (403, {"Content-Type": "text/html"}, b"<html><body><h1>403 Forbidden</h1></body></html>")
    server.faults = [page, page]
    assert pod().exit_code == Exit.DONE
    server.faults = [page] * 3
    refused = pod()
    assert refused.exit_code == Exit.UNREACHABLE
    assert "a firewall before the API answered 403 (gave up after 3 attempts)" in str(refused.error)


def test_a_refusal_blames_the_address_instead_of_giving_the_reason(
    pod: Callable[..., RunResult], server: Server
) -> None:
    words = b'{"code": 0, "msg": "Service unavailable from a restricted location."}'
    server.faults = [(451, {}, words)]
    refused = pod()
    assert refused.exit_code == Exit.FAILED
    assert str(refused.error).endswith("(451): Service unavailable from a restricted location. (code 0)")

"""The HTTP server: a thread a connection, HTTP/1.1 with keep-alive."""

import gzip
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import msgspec

from sandbox.bulk.config import BulkConfig
from sandbox.bulk.counts import Counter
from sandbox.bulk.failing import retry_after, send_broken
from sandbox.bulk.page_faults import FaultPlan, page_fault, status_drawn
from sandbox.bulk.paging import Slice, page_parts, read_slice
from sandbox.smartpizza.problems import ProblemError

_JSON = "application/json"


class BulkServer(ThreadingHTTPServer):
    """Serves `config` on 127.0.0.1; port 0 takes a free one. Raises OSError when it cannot be had."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, config: BulkConfig, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.config = config
        self.plan = FaultPlan()
        self.counter = Counter()
        self.generation = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news here."""
        del request, client_address


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: BulkServer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        try:
            if parts.path == "/_sandbox/counts":
                self._send(200, self.server.counter.as_json())
            elif parts.path != "/v1/orders":
                raise ProblemError(404, "not-found", f"there is no {parts.path} here")
            elif self.headers["Authorization"] != f"Bearer {self.server.config.token}":
                raise ProblemError(401, "unauthorized", "send the bearer token")
            else:
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                self._page(read_slice(self.server.config, query, self.server.generation))
        except ProblemError as problem:
            self._problem(problem)

    def do_PUT(self) -> None:
        """The admin side: what is served, which faults, expired tokens, counts from nothing."""
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        try:
            match self.path:
                case "/_sandbox/config":
                    self.server.config = msgspec.json.decode(body, type=BulkConfig)
                case "/_sandbox/faults":
                    self.server.plan = msgspec.json.decode(body, type=FaultPlan)
                case "/_sandbox/expired":
                    self.server.generation += 1
                case "/_sandbox/reset":
                    self.server.counter.reset()
                case _:
                    raise ProblemError(404, "not-found", f"there is no {self.path} here")
        except msgspec.MsgspecError as error:
            self._problem(ProblemError(400, "invalid-request", str(error)))
        except ProblemError as problem:
            self._problem(problem)
        else:
            self._send(200, b"{}")

    def _page(self, page: Slice) -> None:
        config, plan, counter = self.server.config, self.server.plan, self.server.counter
        attempt = counter.request(page.start)
        kind = page_fault(plan, config.seed, page.start, attempt)
        if config.delay_ms:
            time.sleep(config.delay_ms / 1000)
        number = 0 if kind is None else counter.fault(kind)
        match kind:
            case None:
                self._whole(page, config)
            case "too_many":
                header, retry_from = retry_after(plan.retry_after, as_date=number % 2 == 0)
                counter.refused(page.start, retry_from)
                self._send(429, b"{}", {"Retry-After": header})
            case "server_error":
                self._send(status_drawn(config.seed, page.start, attempt), b"{}")
            case _:
                send_broken(
                    self,
                    kind,
                    b"".join(page_parts(config, page)),
                    time_out_seconds=plan.time_out_seconds,
                    drip_bytes_per_second=plan.drip_bytes_per_second,
                )

    def _whole(self, page: Slice, config: BulkConfig) -> None:
        parts, headers = page_parts(config, page), {}
        if config.gzip and "gzip" in self.headers.get("Accept-Encoding", ""):
            parts, headers = [gzip.compress(b"".join(parts), 1)], {"Content-Encoding": "gzip"}
        self._head(200, sum(map(len, parts)), headers)
        for part in parts[:-1]:
            self.wfile.write(part)
        # Counted before the end is sent: a client that has its answer must find it counted.
        self.server.counter.served(page.stop - page.start)
        self.wfile.write(parts[-1])

    def _problem(self, problem: ProblemError) -> None:
        told = {"type": f"https://smartpizza.example/problems/{problem.slug}", "detail": problem.detail}
        self._send(problem.status, msgspec.json.encode(told))

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self._head(status, len(body), headers or {})
        self.wfile.write(body)

    def _head(self, status: int, size: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": _JSON, "Content-Length": str(size)} | headers).items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""

"""The HTTP server: a thread a connection, HTTP/1.1 with keep-alive. Its admin side is for its own machine only."""

import gzip
import ipaddress
import time
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import msgspec

from sandbox.binance import admin, api, refusals
from sandbox.binance.api import Call
from sandbox.binance.faults import Drip, TimeOut
from sandbox.binance.refusals import RefusedError
from sandbox.binance.replies import HTML, Asked, instead, refusal
from sandbox.binance.services import Services
from sandbox.bulk.failing import send_broken
from sandbox.smartpizza.faults import Fault
from sandbox.smartpizza.times import SECOND

_JSON = "application/json;charset=UTF-8"
_NOT_FOUND = b"<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>"


class BinanceServer(ThreadingHTTPServer):
    """Serves on an address of this machine; port 0 takes a free one. Raises OSError when it cannot be had."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, services: Services, host: str, port: int) -> None:
        super().__init__((host, port), _Handler)
        self.services = services

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]!s}:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news here."""
        del request, client_address


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: BinanceServer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.used: int | None = None
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        if parts.path.startswith("/api/"):
            self._call(parts.path, parts.query, pairs)
        else:
            self._admin(lambda: admin.look(self.server.services, parts.path, dict(pairs)))

    def do_PUT(self) -> None:
        """The admin side."""
        self.used = None
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self._admin(lambda: admin.change(self.server.services, self.path, body))

    def do_POST(self) -> None:
        """As PUT."""
        self.do_PUT()

    def _call(self, path: str, query: str, pairs: api.Pairs) -> None:
        services, asked = (
            self.server.services,
            Asked(self.client_address[0], path, self.server.services.clock.now),
        )
        weight = api.weight(path, pairs)
        verdict = services.meter.judge(asked.address, weight, asked.now)
        self.used = verdict.used
        chosen = services.faults.choose(path) if verdict.status == 200 else None
        if chosen is not None:
            services.served.count_fault(chosen[0])
        if services.config.delay_ms:
            time.sleep(services.config.delay_ms / 1000)
        # Noted before the answer is sent, as counts are: a client that has its answer must find it noted.
        self._note = partial(
            services.log.add, at=asked.now, address=asked.address, path=path, query=query, weight=weight
        )
        reply = refusal(services, verdict, asked.now) if verdict.status != 200 else None
        if chosen is not None:
            reply = instead(services, *chosen, asked)
        if reply is None:
            self._answer(asked, pairs, chosen)
        else:
            self._note(status=reply.status)
            self._send(*reply)

    def _answer(self, asked: Asked, pairs: api.Pairs, chosen: tuple[str, Fault] | None) -> None:
        """The API's own answer, broken if a fault says so, which is noted as status 0."""
        services = self.server.services
        try:
            found = api.answer(services.market, asked.path, Call(pairs, asked.now, self._microseconds()))
        except RefusedError as refused:
            self._note(status=refused.status)
            self._send(refused.status, refused.body, {})
            return
        self._note(status=404 if found is None else 200 if chosen is None else 0)
        if found is None:
            self._send(404, _NOT_FOUND, {"Content-Type": HTML})
        elif chosen is None:
            body, headers = found.body, {}
            if services.config.gzip and "gzip" in self.headers.get("Accept-Encoding", ""):
                body, headers = gzip.compress(body, 1), {"Content-Encoding": "gzip"}
            services.served.count(found.stream, found.records)
            self._send(200, body, headers)
        else:
            name, fault = chosen
            send_broken(
                self,
                name,
                found.body,
                time_out_seconds=fault.seconds if isinstance(fault, TimeOut) else 0,
                drip_bytes_per_second=fault.bytes_per_second if isinstance(fault, Drip) else 1,
            )

    def _microseconds(self) -> bool:
        unit = self.headers.get("X-MBX-TIME-UNIT", "MILLISECOND").upper()
        if unit not in ("MICROSECOND", "MILLISECOND"):
            raise RefusedError(*refusals.BAD_TIME_UNIT)
        return unit == "MICROSECOND"

    def _admin(self, do: Callable[[], bytes | None]) -> None:
        is_ours = ipaddress.ip_address(self.client_address[0]).is_loopback
        if not is_ours and self.path != "/healthz":
            self._send(403, b'{"detail":"only the machine that the API runs on may ask for this"}', {})
            return
        try:
            found = do()
        except (msgspec.MsgspecError, ValueError, OSError) as error:
            self._send(400, msgspec.json.encode({"detail": str(error)}), {})
        else:
            self._send(404 if found is None else 200, found or b'{"detail":"there is no such path"}', {})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": _JSON, "Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        """Every answer of the API tells the weight used."""
        if self.used is not None:
            for name in ("X-MBX-USED-WEIGHT", "X-MBX-USED-WEIGHT-1M"):
                self.send_header(name, str(self.used))
        super().end_headers()

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header: the server's clock."""
        return super().date_time_string(
            self.server.services.clock.now // SECOND if timestamp is None else timestamp
        )

    def log_message(self, *_: object) -> None:
        """Says nothing."""

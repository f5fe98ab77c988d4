"""Sending a page: compressed if the client takes it, cut or slowed if a fault says so, counted if whole."""

import asyncio
import gzip

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.smartpizza.faults import Fault, SlowDrip
from sandbox.smartpizza.served import Served

_CHUNK = 64 * 1024
_DRIPS_PER_SECOND = 10
_COMPRESSION_LEVEL = 1


def accepts_gzip(header: str) -> bool:
    """Whether this Accept-Encoding takes gzip."""
    for part in header.lower().split(","):
        name, _, options = part.partition(";")
        if name.strip() in ("gzip", "*"):
            return options.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


class PageResponse(Response):
    """One page of JSON. It counts as served once its last byte was handed over to a client still there."""

    media_type = "application/json"

    def __init__(
        self, body: bytes, request: Request, served: Served, *, stream: str, records: int, fault: Fault | None
    ) -> None:
        headers = {"vary": "accept-encoding"}
        if accepts_gzip(request.headers.get("accept-encoding", "")):
            body = gzip.compress(body, _COMPRESSION_LEVEL, mtime=0)
            headers["content-encoding"] = "gzip"
        name = getattr(request.state, "fault_name", None)
        if name == "cut_gzip":
            body = body[: len(body) // 2]
        super().__init__(body, 200, headers)
        self._served, self._stream, self._records = served, stream, records
        self._broken = name in ("cut_gzip", "disconnect")
        self._disconnect = name == "disconnect"
        self._drip = fault if isinstance(fault, SlowDrip) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it in chunks; stops early when the client has gone or is to be cut off."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        request = Request(scope, receive)
        step = max(1, self._drip.bytes_per_second // _DRIPS_PER_SECOND) if self._drip else _CHUNK
        end = len(self.body) // 2 if self._disconnect else len(self.body)
        for start in range(0, end, step):
            if await request.is_disconnected():
                return
            if self._drip and start:
                await asyncio.sleep(1 / _DRIPS_PER_SECOND)
            await send(
                {
                    "type": "http.response.body",
                    "body": self.body[start : min(start + step, end)],
                    "more_body": True,
                }
            )
        if self._disconnect or await request.is_disconnected():
            return
        # Counted before the end is sent: a client that has its answer must find it counted.
        if not self._broken:
            self._served.count(self._stream, self._records)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

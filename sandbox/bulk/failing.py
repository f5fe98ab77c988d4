"""Answers that fail on purpose."""

import email.utils
import gzip
import math
import socket
import struct
import time
from http.server import BaseHTTPRequestHandler

_TEXT = {"half_json": "application/json", "html": "text/html", "error_body": "application/json"}
_HTML = b"<!doctype html><html><title>Maintenance</title><p>We will be back soon.</p></html>"
_ERROR = b'{"error":{"code":"internal","message":"something went wrong"}}'


def retry_after(seconds: int, as_date: bool) -> tuple[str, float]:
    """A Retry-After header, and the wall-clock time from which it allows a call."""
    now = time.time()
    if not as_date:
        return str(seconds), now + seconds
    until = float(math.ceil(now + seconds))
    return email.utils.formatdate(until, usegmt=True), until


def send_broken(
    handler: BaseHTTPRequestHandler,
    kind: str,
    body: bytes,
    *,
    time_out_seconds: float,
    drip_bytes_per_second: float,
) -> None:
    """Sends the page `body` broken in the way of `kind`. Raises OSError when the client has gone."""
    match kind:
        case "reset":
            _head(handler, len(body))
            handler.wfile.write(body[: len(body) // 2])
            _reset(handler)
        case "cut_gzip":
            whole = gzip.compress(body, compresslevel=1)
            _head(handler, len(whole) // 2, encoding="gzip")
            handler.wfile.write(whole[: len(whole) // 2])
        case "time_out":
            time.sleep(time_out_seconds)
            handler.close_connection = True
        case "drip":
            _head(handler, len(body))
            for at in range(len(body)):
                handler.wfile.write(body[at : at + 1])
                time.sleep(1 / drip_bytes_per_second)
        case _:
            told = {"half_json": body[: len(body) // 2], "html": _HTML, "error_body": _ERROR}[kind]
            _head(handler, len(told), kind=_TEXT[kind])
            handler.wfile.write(told)


def _head(
    handler: BaseHTTPRequestHandler, size: int, *, encoding: str | None = None, kind: str = "application/json"
) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(size))
    if encoding is not None:
        handler.send_header("Content-Encoding", encoding)
    handler.end_headers()


def _reset(handler: BaseHTTPRequestHandler) -> None:
    """Closes the connection by a reset instead of an orderly end."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.rfile.close()
    handler.connection.close()
    handler.close_connection = True

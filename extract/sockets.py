"""Connections whose every wait ends at the deadline of the whole attempt, and which another thread can cut.

httpx's own timeouts begin anew with each byte that arrives, so that an answer may drip for ever.
"""

import math
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any
from weakref import WeakSet

import httpcore
import httpx

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """What this thread sends and receives in the block ends after `seconds`."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def is_late() -> bool:
    """Whether the deadline of the block has passed."""
    return time.monotonic() >= _deadline.get()


def _left(timeout: float | None, too_late: type[Exception]) -> float | None:
    """`timeout`, or what is left until the deadline where that is less. Raises `too_late` where none is."""
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise too_late("deadline")
    if timeout is None:
        return None if left == math.inf else left
    return min(timeout, left)


class Sockets(httpcore.NetworkBackend):
    """All connections of one client. A name is looked up by the system, within the resolver's own limits."""

    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()
        self._open: WeakSet[_Stream] = WeakSet()
        self._guard = threading.Lock()
        self._is_cut = False

    def serve(self, client: httpx.Client) -> None:
        """Makes `client` connect by these sockets, through proxies too."""
        # httpx passes no backend on to httpcore. The tests with real servers fail should these names change.
        for transport in (client._transport, *client._mounts.values()):
            if isinstance(transport, httpx.HTTPTransport):
                transport._pool._network_backend = self

    def cut(self) -> None:
        """Ends each read and write in progress at once, and refuses new connections.

        One that is being made ends with the client's connect timeout.
        """
        with self._guard:
            self._is_cut = True
            streams = list(self._open)
        for stream in streams:
            stream.cut()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Tries the host's addresses one after another; `timeout` is for each, the deadline for all."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        failure: Exception = httpcore.ConnectError("the name has no address")
        for address in dict.fromkeys(str(each[4][0]) for each in found):
            try:
                stream = self._inner.connect_tcp(
                    address, port, _left(timeout, httpcore.ConnectTimeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return self.watch(stream)
        raise failure

    def watch(self, inner: httpcore.NetworkStream) -> "_Stream":
        """`inner` under the deadline. Raises httpcore.ConnectError where everything has been cut."""
        stream = _Stream(self, inner)
        with self._guard:
            if not self._is_cut:
                self._open.add(stream)
                return stream
        inner.close()
        raise httpcore.ConnectError("the client was closed")


class _Stream(httpcore.NetworkStream):
    def __init__(self, owner: Sockets, inner: httpcore.NetworkStream) -> None:
        self._owner = owner
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def cut(self) -> None:
        # Closing wakes no thread that reads, shutting down does. An SSLSocket's own method would go on in clear.
        with suppress(OSError):
            socket.socket.shutdown(self._inner.get_extra_info("socket"), socket.SHUT_RDWR)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return self._owner.watch(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

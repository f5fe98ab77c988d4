"""Sockets whose every wait ends at the deadline of the whole attempt, and which another thread can cut.

A timeout of a socket begins anew with each byte that arrives, so that an answer may drip for ever.
"""

import math
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any
from weakref import WeakSet

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


def seconds_left(timeout: float) -> float:
    """`timeout`, or what is left until the deadline where that is less. Raises TimeoutError where none is."""
    left = min(timeout, _deadline.get() - time.monotonic())
    if left <= 0:
        raise TimeoutError("deadline")
    return left


class OpenSockets:
    """The sockets of one client, to be cut all at once."""

    def __init__(self) -> None:
        self._open: WeakSet[socket.socket] = WeakSet()
        self._guard = threading.Lock()
        self._is_cut = False

    def add(self, opened: socket.socket) -> None:
        """Raises ConnectionAbortedError where everything has been cut."""
        with self._guard:
            if not self._is_cut:
                self._open.add(opened)
                return
        opened.close()
        raise ConnectionAbortedError("the client was closed")

    def cut(self) -> None:
        """Ends each read and write in progress at once; no socket is added any more."""
        with self._guard:
            self._is_cut = True
            opened = list(self._open)
        for each in opened:
            # Closing wakes no thread that reads, shutting down does. An SSLSocket's own would go on in clear.
            with suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)


class PlainSocket(socket.socket):
    """A socket whose reads and writes end `wait_seconds` after they began, or at the deadline."""

    wait_seconds = math.inf

    def recv_into(self, *arguments: Any) -> int:
        self.settimeout(seconds_left(self.wait_seconds))
        return super().recv_into(*arguments)

    def sendall(self, *arguments: Any) -> None:
        self.settimeout(seconds_left(self.wait_seconds))
        super().sendall(*arguments)


class TlsSocket(ssl.SSLSocket):
    """The same under TLS."""

    wait_seconds = math.inf

    def recv_into(self, *arguments: Any) -> int:
        self.settimeout(seconds_left(self.wait_seconds))
        return super().recv_into(*arguments)

    def sendall(self, *arguments: Any) -> None:
        self.settimeout(seconds_left(self.wait_seconds))
        super().sendall(*arguments)

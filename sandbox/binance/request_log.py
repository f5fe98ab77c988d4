"""What was asked, in the order in which it came."""

import threading
from typing import Any

_REMEMBERED = 200_000


class RequestLog:
    """The first 200,000 requests since the start or the last reset. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[dict[str, Any]] = []

    def add(self, *, at: int, address: str, path: str, query: str, status: int, weight: int) -> None:
        """`at` is the server's clock in milliseconds."""
        told = {
            "at": at, "address": address, "path": path, "query": query, "status": status, "weight": weight,
        }  # fmt: skip
        with self._lock:
            if len(self._requests) < _REMEMBERED:
                self._requests.append(told)

    def report(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._requests)

    def reset(self) -> None:
        with self._lock:
            self._requests = []

"""What was asked of the API, and what it answered."""

import threading
import time

import msgspec

# A call on its way when a refusal was sent could not know of it.
_ON_ITS_WAY_SECONDS = 0.1


class Counts(msgspec.Struct, kw_only=True):
    """Since the start or the last reset.

    `pages` and `records` are of answers sent whole; `faults` counts by kind. `early_calls` came before a
    Retry-After had passed, calls for other pages not counted that were on their way when it was sent.
    `page_requests` says how often each page was asked for, by the index of its first order.
    """

    requests: int = 0
    pages: int = 0
    records: int = 0
    faults: dict[str, int] = {}
    early_calls: int = 0
    page_requests: dict[int, int] = {}


class Counter:
    """Counts. Thread-safe; times are seconds of the wall clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """From nothing; Retry-Afters are forgotten."""
        with self._lock:
            self._counts = Counts()
            self._refused_at = self._retry_from = 0.0
            self._pages_retry_from: dict[int, float] = {}

    def request(self, start: int) -> int:
        """Counts a request of the page that begins at order `start`; how many that makes."""
        now = time.time()
        with self._lock:
            counts = self._counts
            counts.requests += 1
            counts.page_requests[start] = attempt = counts.page_requests.get(start, 0) + 1
            knew = now < self._retry_from and now > self._refused_at + _ON_ITS_WAY_SECONDS
            if knew or now < self._pages_retry_from.get(start, 0):
                counts.early_calls += 1
            return attempt

    def fault(self, kind: str) -> int:
        """Counts an answer that fails; how many of its kind that makes."""
        with self._lock:
            self._counts.faults[kind] = number = self._counts.faults.get(kind, 0) + 1
            return number

    def refused(self, start: int, retry_from: float) -> None:
        """Notes that the page was refused until `retry_from`."""
        with self._lock:
            if retry_from > self._retry_from:
                self._refused_at, self._retry_from = time.time(), retry_from
            self._pages_retry_from[start] = retry_from

    def served(self, records: int) -> None:
        """Counts a page sent whole."""
        with self._lock:
            self._counts.pages += 1
            self._counts.records += records

    def as_json(self) -> bytes:
        """The counts."""
        with self._lock:
            return msgspec.json.encode(self._counts)

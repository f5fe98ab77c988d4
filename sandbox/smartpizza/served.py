"""The API's own count of what it served, for reconciliation."""

import threading
from collections import defaultdict


class Served:
    """Counts of whole, successful answers by stream, and of faulted answers by fault. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Start counting from nothing."""
        with self._lock:
            self._streams: dict[str, dict[str, int]] = defaultdict(lambda: {"records": 0, "pages": 0})
            self._faults: dict[str, int] = defaultdict(int)

    def count(self, stream: str, records: int) -> None:
        """One page with so many records has left whole."""
        with self._lock:
            self._streams[stream]["records"] += records
            self._streams[stream]["pages"] += 1

    def count_fault(self, fault: str) -> None:
        """A fault was put into an answer."""
        with self._lock:
            self._faults[fault] += 1

    def report(self) -> dict[str, dict[str, int]]:
        """{stream: {"records", "pages"}, ..., "faults": {fault: answers}}."""
        with self._lock:
            streams = {name: dict(counts) for name, counts in sorted(self._streams.items())}
            return streams | {"faults": dict(self._faults)}

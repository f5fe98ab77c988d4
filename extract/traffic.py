"""What talking to an API cost."""

import threading
from dataclasses import dataclass

_GUARD = threading.Lock()


@dataclass(slots=True)
class Traffic:
    """What a client sent and got: requests (with those made again), retries, bytes on the wire.

    `throttled_seconds` were waited for the request budget or a pause the API asked of everybody,
    `retry_wait_seconds` before a request was made again; both are sums over all threads.
    """

    requests: int = 0
    retries: int = 0
    bytes_received: int = 0
    throttled_seconds: float = 0.0
    retry_wait_seconds: float = 0.0

    def add(
        self,
        *,
        requests: int = 0,
        retries: int = 0,
        bytes_received: int = 0,
        throttled_seconds: float = 0.0,
        retry_wait_seconds: float = 0.0,
    ) -> None:
        """Counts; threads may do so at once."""
        with _GUARD:
            self.requests += requests
            self.retries += retries
            self.bytes_received += bytes_received
            self.throttled_seconds = round(self.throttled_seconds + throttled_seconds, 3)
            self.retry_wait_seconds = round(self.retry_wait_seconds + retry_wait_seconds, 3)

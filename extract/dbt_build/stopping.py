"""After a signal no query of a build is left: what dbt does not cancel in time is ended from outside."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from extract.errors import Stopped

# dbt cancels its queries on the KeyboardInterrupt that our handler raises, unless the main thread is waiting for the
# database itself, or a node is between two queries just then.
_SECONDS_FOR_DBT = 1.0
_SECONDS_BETWEEN = 0.25


@dataclass(slots=True)
class Stopping:
    """The number of the signal that asked for the end, if one did."""

    number: int | None = None

    def raise_if_stopped(self) -> None:
        """Raises Stopped after a signal."""
        if self.number is not None:
            raise Stopped(self.number)


@contextmanager
def ended_on_signal(stopping: Stopping, end_sessions: Callable[[], None]) -> Iterator[None]:
    """From SIGTERM or SIGINT to the end of the block: fills in `stopping`, and soon calls `end_sessions` repeatedly.

    Python writes a signal's number into a pipe at once, even where the main thread is in C code and can run no
    handler; a thread reads it. Only for the main thread.
    """
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    done = threading.Event()

    def watch() -> None:
        number = 1
        while number not in (0, signal.SIGTERM, signal.SIGINT):
            number = os.read(reads, 1)[0]
        if number == 0:
            return
        stopping.number = number
        wait = _SECONDS_FOR_DBT
        while not done.wait(wait):
            end_sessions()
            wait = _SECONDS_BETWEEN

    thread = threading.Thread(target=watch, name="stop-watch", daemon=True)
    before = signal.set_wakeup_fd(writes, warn_on_full_buffer=False)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        done.set()
        os.write(writes, b"\0")
        thread.join()
        os.close(writes)
        os.close(reads)

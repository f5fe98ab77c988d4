"""Work done side by side in threads, and ended in order when a signal comes."""

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

_SECONDS_TO_FINISH = 4
_SECONDS_TO_ROLL_BACK = 4


def side_by_side(
    tasks: Iterable[Callable[[], None]], at_once: int, stop: Callable[[], None], cancel: Callable[[], None]
) -> None:
    """Does `tasks`, at most `at_once` at a time, and returns when all are done.

    What a task raises is raised here, once those under way have ended; no other is begun then. Where this
    thread is interrupted, `stop` is called; tasks that do not end by themselves in a few seconds are helped on by
    `cancel`, and left alone after some more: the threads are daemons.
    """
    crew = _Crew(tasks)
    threads = [
        threading.Thread(target=crew.work, name=f"worker-{n}", daemon=True) for n in range(max(1, at_once))
    ]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException:
        stop()
        crew.halt()
        _join(threads, _SECONDS_TO_FINISH)
        if any(thread.is_alive() for thread in threads):
            with suppress(Exception):  # on the way out: what matters is the signal
                cancel()
            _join(threads, _SECONDS_TO_ROLL_BACK)
        raise
    if crew.error is not None:
        raise crew.error


def _join(threads: Iterable[threading.Thread], seconds: float) -> None:
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))


class _Crew:
    def __init__(self, tasks: Iterable[Callable[[], None]]) -> None:
        self._tasks = iter(tasks)
        self._guard = threading.Lock()
        self._halted = False
        self.error: BaseException | None = None

    def halt(self) -> None:
        """No further task is begun."""
        self._halted = True

    def work(self) -> None:
        while (task := self._next()) is not None:
            try:
                task()
            except BaseException as error:
                self.error = self.error or error
                self.halt()

    def _next(self) -> Callable[[], None] | None:
        with self._guard:
            return None if self._halted else next(self._tasks, None)

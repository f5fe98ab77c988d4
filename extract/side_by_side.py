"""Work done side by side in threads, and ended in order when a signal comes."""

import threading
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
    crew = _Crew(tasks, max(1, at_once))
    crew.start()
    try:
        crew.ended.wait()
    except BaseException:
        crew.halt()
        stop()
        if not crew.ended.wait(_SECONDS_TO_FINISH):
            with suppress(Exception):  # on the way out: what matters is the signal
                cancel()
            crew.ended.wait(_SECONDS_TO_ROLL_BACK)
        raise
    if crew.error is not None:
        raise crew.error


class _Crew:
    """Threads that do tasks. Its end is an event: to interrupt Thread.join marks a living thread as ended."""

    def __init__(self, tasks: Iterable[Callable[[], None]], size: int) -> None:
        self.ended = threading.Event()
        self.error: BaseException | None = None
        self._tasks = iter(tasks)
        self._at_work = size
        self._guard = threading.Lock()
        self._halted = False

    def start(self) -> None:
        for number in range(self._at_work):
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True).start()

    def halt(self) -> None:
        """No further task is begun."""
        self._halted = True

    def _work(self) -> None:
        while (task := self._next()) is not None:
            try:
                task()
            except BaseException as error:
                self.error = self.error or error
                self.halt()
        with self._guard:
            self._at_work -= 1
            if self._at_work == 0:
                self.ended.set()

    def _next(self) -> Callable[[], None] | None:
        with self._guard:
            return None if self._halted else next(self._tasks, None)

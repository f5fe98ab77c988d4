"""Pages fetched ahead of their load: a chain one after another, foreseen pages side by side, given in order."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from extract.paginate import Page, Walk

Fetched = tuple[Walk, Page]

_POLL_SECONDS = 0.2


class PageFetcher:
    """Fetches the pages of a walk from threads of its own. Use as a context manager.

    `get` fetches and reads the page that a walk stands before. At most `ahead` pages are in flight or wait.
    """

    def __init__(self, get: Callable[[Walk], Page], start: Walk, *, page_size: int, ahead: int) -> None:
        self._get = get
        self._start = start
        self._page_size = page_size
        self._room = threading.Semaphore(ahead)
        self._ready: SimpleQueue[Fetched | BaseException] = SimpleQueue()
        self._closed = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._drive, name="page-fetcher", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Lets go of the threads: what they still fetch is dropped."""
        self._closed.set()

    def take(self, timeout: float) -> Fetched | None:
        """The next page; None where it is not there after `timeout` seconds. Raises what fetching it raised."""
        try:
            item = self._ready.get(timeout=timeout)
        except Empty:
            return None
        if isinstance(item, BaseException):
            raise item
        self._room.release()
        return item

    def _drive(self) -> None:
        try:
            self._fetch_all()
        except BaseException as error:
            self._ready.put(error)

    def _fetch_all(self) -> None:
        walk: Walk | None = self._start
        flying: deque[tuple[Walk, Future[Page]]] = deque()
        while walk is not None and not self._closed.is_set():
            if flying and flying[0][0].state != walk.state:
                self._forget(flying)
            if not flying:
                if not self._room.acquire(timeout=_POLL_SECONDS):
                    continue
                flying.append((walk, self._launch(walk)))
            self._look_ahead(flying)
            page = flying.popleft()[1].result()
            self._ready.put((walk, page))
            walk = walk.after(page)

    def _look_ahead(self, flying: deque[tuple[Walk, Future[Page]]]) -> None:
        while (following := flying[-1][0].foreseen(self._page_size)) is not None:
            if not self._room.acquire(blocking=False):
                return
            flying.append((following, self._launch(following)))

    def _forget(self, flying: deque[tuple[Walk, Future[Page]]]) -> None:
        for _ in flying:
            self._room.release()
        flying.clear()

    def _launch(self, walk: Walk) -> Future[Page]:
        future: Future[Page] = Future()
        if walk.foreseen(self._page_size) is None:
            self._fetch(walk, future)
        else:
            # Daemons, unlike an executor's: a process that is told to stop waits for no answer.
            threading.Thread(target=self._fetch, args=(walk, future), name="page-ahead", daemon=True).start()
        return future

    def _fetch(self, walk: Walk, future: Future[Page]) -> None:
        try:
            future.set_result(self._get(walk))
        except BaseException as error:
            future.set_exception(error)

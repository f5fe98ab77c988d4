"""Pages fetched ahead: in order, each once, never more than allowed in flight, errors in their place."""

import threading
import time
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.answer import Answer
from extract.fetch import PageFetcher
from extract.paginate import Page


@dataclass(frozen=True)
class Numbers:
    """A walk over pages numbered from 0 to `last`; what it foresees is wrong after the pages in `wrong`."""

    number: int
    last: int
    foresees: bool
    wrong: frozenset[int] = frozenset()

    @property
    def state(self) -> str:
        return str(self.number)

    def params(self, _page_size: int) -> dict[str, str]:
        return {}

    def read(self, _answer: Answer, _page_size: int) -> Page:
        raise AssertionError("nobody reads here")

    def after(self, page: Page) -> "Numbers | None":
        return None if page.next_state is None else self._at(int(page.next_state))

    def foreseen(self, _page_size: int) -> "Numbers | None":
        if not self.foresees:
            return None
        return self._at(self.number + (1000 if self.number in self.wrong else 1))

    def _at(self, number: int) -> "Numbers":
        return Numbers(number, self.last, self.foresees, self.wrong)


class Server:
    """Answers with one record a page, and counts who asks at the same time."""

    def __init__(self, last: int, fails_at: int | None = None, seconds: float = 0) -> None:
        self.last = last
        self.fails_at = fails_at
        self.seconds = seconds
        self.flying = self.most_flying = 0
        self._guard = threading.Lock()

    def get(self, walk: Numbers) -> Page:
        with self._guard:
            self.flying += 1
            self.most_flying = max(self.most_flying, self.flying)
        time.sleep(self.seconds)
        with self._guard:
            self.flying -= 1
        if walk.number == self.fails_at:
            raise ValueError(f"page {walk.number}")
        following = str(walk.number + 1) if walk.number < self.last else None
        return Page([msgspec.Raw(b"%d" % walk.number)], following, None, b"")


def taken(fetcher: PageFetcher) -> list[int]:
    """Numbers of the pages, up to the last."""
    found: list[int] = []
    with fetcher as pages:
        while True:
            item = pages.take(5)
            assert item is not None, f"no page after {found}"
            walk, page = item
            found.append(int(bytes(page.records[0])))
            if walk.after(page) is None:
                return found


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 12),
    st.integers(1, 5),
    st.booleans(),
    st.frozensets(st.integers(0, 12), max_size=3),
)
def test_a_page_comes_twice_never_or_out_of_order(
    last: int, ahead: int, foresees: bool, wrong: frozenset[int]
) -> None:
    server = Server(last)
    walk = Numbers(0, last, foresees, wrong)
    assert taken(PageFetcher(server.get, walk, page_size=1, ahead=ahead)) == list(range(last + 1))


@pytest.mark.parametrize(("foresees", "at_once"), [(True, 3), (False, 1)])
def test_more_pages_are_asked_for_at_once_than_allowed_or_fewer(foresees: bool, at_once: int) -> None:
    server = Server(20, seconds=0.02)
    taken(PageFetcher(server.get, Numbers(0, 20, foresees), page_size=1, ahead=3))
    assert server.most_flying == at_once


def test_pages_pile_up_before_who_is_slow_to_take_them() -> None:
    server = Server(50)
    with PageFetcher(server.get, Numbers(0, 50, False), page_size=1, ahead=2) as pages:
        time.sleep(0.2)
        assert pages._ready.qsize() <= 2


@pytest.mark.parametrize("foresees", [True, False])
def test_an_error_overtakes_the_pages_before_it(foresees: bool) -> None:
    server = Server(9, fails_at=4)
    with PageFetcher(server.get, Numbers(0, 9, foresees), page_size=1, ahead=4) as pages:
        for number in range(4):
            item = pages.take(5)
            assert item is not None
            assert item[0].number == number
        with pytest.raises(ValueError, match="page 4"):
            pages.take(5)


def test_threads_outlive_their_fetcher() -> None:
    before = threading.active_count()
    for foresees in (True, False):
        with PageFetcher(Server(1000).get, Numbers(0, 1000, foresees), page_size=1, ahead=4) as pages:
            pages.take(5)
    deadline = time.monotonic() + 5
    while threading.active_count() > before:
        assert time.monotonic() < deadline, threading.enumerate()
        time.sleep(0.05)

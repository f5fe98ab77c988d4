"""Walks a paginator's pages as a sweep does: plainly, started again after each page, or with pages fetched ahead."""

import json
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import settings

from extract.answer import Answer
from extract.errors import BadAnswerError
from extract.paginate import Page, Paginator, Walk

URL = "https://api.test/v1/things"
MODES = ("plain", "resumed", "ahead")
AHEAD = 3

# Shared machines are slow at times, which is no failure.
often = settings(max_examples=50, deadline=None)

Serve = Callable[[dict[str, str]], Answer]


class Walking:
    """Pages of `paginator`, served by `serve`; `asked` holds the parameters of each request."""

    def __init__(
        self, paginator: Paginator, serve: Serve, since: str | None = None, until: str | None = None
    ) -> None:
        self.asked: list[dict[str, str]] = []
        self._paginator = paginator
        self._serve = serve
        self._since = since
        self._until = until

    def records(self, page_size: int, mode: str = "plain") -> list[Any]:
        """All records of the list, decoded, in the order in which the walk brings them."""
        return [json.loads(bytes(record)) for page in self.pages(page_size, mode) for record in page.records]

    def pages(self, page_size: int, mode: str = "plain") -> Iterator[Page]:
        """All pages of the list. Raises BadAnswerError where a state comes again, as a sweep does."""
        walk: Walk | None = self._start(None)
        followed = {None}
        flying: deque[tuple[Walk, Page]] = deque()
        while walk is not None:
            page = self._ahead(walk, flying, page_size) if mode == "ahead" else self._get(walk, page_size)
            yield page
            walk = walk.after(page)
            if walk is not None:
                if walk.state in followed:
                    raise BadAnswerError("the answer names a next page that was followed before")
                followed.add(walk.state)
                if mode == "resumed":
                    walk = self._start(walk.state)

    def _start(self, state: str | None) -> Walk:
        return self._paginator.start(state, since=self._since, until=self._until)

    def _get(self, walk: Walk, page_size: int) -> Page:
        assert len(self.asked) < 2_000, "the walk does not end"
        params = walk.params(page_size)
        self.asked.append(params)
        return walk.read(self._serve(params), page_size)

    def _ahead(self, walk: Walk, flying: deque[tuple[Walk, Page]], page_size: int) -> Page:
        if not flying or flying[0][0].state != walk.state:
            flying.clear()
            flying.append((walk, self._get(walk, page_size)))
        while len(flying) < AHEAD and (following := flying[-1][0].foreseen(page_size)) is not None:
            flying.append((following, self._get(following, page_size)))
        return flying.popleft()[1]


def body(value: Any, **headers: str) -> Answer:
    """An answer that holds `value` as JSON; `_` in a header's name stands for `-`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(json.dumps(value).encode(), named, URL)


def things(count: int) -> list[dict[str, int]]:
    """Records with ids from 0."""
    return [{"id": number} for number in range(count)]

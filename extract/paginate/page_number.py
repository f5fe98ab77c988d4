"""Pages addressed by their number."""

from dataclasses import dataclass

from extract.answer import Answer
from extract.envelope import Envelope, Opener
from extract.json_shape import Leaf, Path
from extract.paginate.repeat import Edges, assert_new, edges
from extract.paginate.size import Size
from extract.paginate.state import matched
from extract.paginate.walk import Page


@dataclass(frozen=True, slots=True)
class PageNumber:
    """Pages by their number, counted from `first`.

    What ends the list: `has_more` or `total_pages`, fields, where one is declared. Else the envelope's total,
    where there is one; an empty page; and a short one where `size.most` is declared. Sample:
    {"data": [{...}], "page": 1, "total_pages": 13}
    """

    envelope: Envelope = Envelope()
    page_param: str = "page"
    size: Size = Size("per_page")
    first: int = 1
    has_more: Path | None = None
    total_pages: Path | None = None

    def __post_init__(self) -> None:
        if self.has_more and self.total_pages:
            raise ValueError("declare either has_more or total_pages")
        self._opener()

    def start(
        self,
        state: str | None = None,
        since: str | None = None,  # noqa: ARG002 - the stream's cursor parameter carries it
        until: str | None = None,  # noqa: ARG002
    ) -> "NumberWalk":
        """A walk from the first page, or from where `state` was committed."""
        if state is None:
            return NumberWalk(self, self._opener(), None, self.first)
        return NumberWalk(self, self._opener(), state, *_place(state))

    def _opener(self) -> Opener:
        fields = {"has_more": (self.has_more, Leaf(bool)), "total_pages": (self.total_pages, Leaf(int))}
        return Opener(self.envelope, fields)


@dataclass(frozen=True, slots=True)
class NumberWalk:
    """A walk over numbered pages; its state is "<page> after <records before it> by <page size>".

    A page's number means something only with the size that the walk began with, so that a resumed walk keeps it,
    whatever the settings say by then.
    """

    paginator: PageNumber
    opener: Opener
    state: str | None
    number: int
    seen: int = 0
    size: int | None = None
    total: int | None = None
    before: Edges | None = None

    def params(self, page_size: int) -> dict[str, str]:
        size = self.paginator.size.params(self.size or page_size)
        return {self.paginator.page_param: str(self.number)} | size

    def read(self, answer: Answer, page_size: int) -> Page:
        opened = self.opener.open(answer)
        count = len(opened.records)
        state = None
        if self._goes_on(count, self.size or page_size, opened.total, **opened.more):
            state = _state(self.number + 1, self.seen + count, self.size or page_size)
        return Page(opened.records, state, opened.as_of, answer.body, opened.total)

    def after(self, page: Page) -> "NumberWalk | None":
        """The walk after `page`. Raises BadAnswerError where it is the page before once more."""
        if page.next_state is None:
            return None
        if page.records or self.paginator.total_pages is None:
            assert_new(page, self.before, self.paginator.page_param)
        place = _place(page.next_state)
        return NumberWalk(self.paginator, self.opener, page.next_state, *place, page.total, edges(page))

    def foreseen(self, page_size: int) -> "NumberWalk | None":
        """The walk to the next page, once the first has shown that there may be more."""
        asked = self.paginator.size.asked(self.size or page_size)
        if self.state is None or self.size is None or asked is None:
            return None
        number, seen = self.number + 1, self.seen + asked
        if self.total is not None and seen >= self.total:
            return None
        state = _state(number, seen, self.size)
        return NumberWalk(self.paginator, self.opener, state, number, seen, self.size, self.total)

    def _goes_on(
        self, count: int, size: int, total: int | None, has_more: bool | None, total_pages: int | None
    ) -> bool:
        if has_more is not None:
            return has_more
        if total_pages is not None:
            return self.number - self.paginator.first + 1 < total_pages
        counted = total is not None and self.seen + count >= total
        return not (counted or self.paginator.size.falls_short(count, size))


def _state(number: int, seen: int, size: int) -> str:
    return f"{number} after {seen} by {size}"


def _place(state: str) -> tuple[int, int, int]:
    """Page, records before it and page size."""
    groups = matched(state, r"([0-9]{1,18}) after ([0-9]{1,18}) by ([0-9]{1,18})", "PageNumber")
    number, seen, size = map(int, groups)
    return number, seen, size

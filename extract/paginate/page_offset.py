"""Pages addressed by how many records lie before them."""

from dataclasses import dataclass

from extract.answer import Answer
from extract.envelope import Envelope, Opener
from extract.errors import BadAnswerError
from extract.json_shape import Leaf, Path
from extract.paginate.repeat import Edges, assert_new, edges
from extract.paginate.size import Size
from extract.paginate.state import matched
from extract.paginate.walk import Page


@dataclass(frozen=True, slots=True)
class PageOffset:
    """Pages by an offset: how many records lie before the page.

    What ends the list: `has_more`, a field, where it is declared. Else the envelope's total, where there is one;
    an empty page; and a short one where `size.most` is declared. Sample:
    {"items": [{...}], "total": 1234, "offset": 0, "limit": 100}
    """

    envelope: Envelope = Envelope()
    offset_param: str = "offset"
    size: Size = Size("limit")
    has_more: Path | None = None

    def __post_init__(self) -> None:
        self._opener()

    def start(
        self,
        state: str | None = None,
        since: str | None = None,  # noqa: ARG002 - the stream's cursor parameter carries it
        until: str | None = None,  # noqa: ARG002
    ) -> "OffsetWalk":
        """A walk from the first record, or from the offset `state`."""
        offset = 0 if state is None else int(matched(state, r"([0-9]{1,18})", "PageOffset")[0])
        return OffsetWalk(self, self._opener(), state, offset)

    def _opener(self) -> Opener:
        return Opener(self.envelope, {"has_more": (self.has_more, Leaf(bool))})


@dataclass(frozen=True, slots=True)
class OffsetWalk:
    """A walk over pages by offset; its state is the offset."""

    paginator: PageOffset
    opener: Opener
    state: str | None
    offset: int
    total: int | None = None
    before: Edges | None = None

    def params(self, page_size: int) -> dict[str, str]:
        return {self.paginator.offset_param: str(self.offset)} | self.paginator.size.params(page_size)

    def read(self, answer: Answer, page_size: int) -> Page:
        opened = self.opener.open(answer)
        count = len(opened.records)
        has_more = opened.more["has_more"]
        if has_more and not count:
            raise BadAnswerError(
                f"the page at offset {self.offset} is empty, and yet it says that there is more"
            )
        following = self.offset + count
        if has_more is None:
            counted = opened.total is not None and following >= opened.total
            has_more = not (counted or self.paginator.size.falls_short(count, page_size))
        state = str(following) if has_more else None
        return Page(opened.records, state, opened.as_of, answer.body, opened.total)

    def after(self, page: Page) -> "OffsetWalk | None":
        """The walk after `page`. Raises BadAnswerError where it is the page before once more."""
        if page.next_state is None:
            return None
        assert_new(page, self.before, self.paginator.offset_param)
        return OffsetWalk(
            self.paginator, self.opener, page.next_state, int(page.next_state), page.total, edges(page)
        )

    def foreseen(self, page_size: int) -> "OffsetWalk | None":
        """The walk to the next page, once the first has shown that there may be more."""
        asked = self.paginator.size.asked(page_size)
        if self.state is None or asked is None:
            return None
        offset = self.offset + asked
        if self.total is not None and offset >= self.total:
            return None
        return OffsetWalk(self.paginator, self.opener, str(offset), offset, self.total)

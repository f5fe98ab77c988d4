"""Pages addressed by the first id they may hold."""

from dataclasses import dataclass

import msgspec

from extract.answer import Answer
from extract.cursor import CursorFormat, is_time, parse_time, write_time
from extract.envelope import Envelope, Opener
from extract.errors import BadAnswerError, ConfigurationError
from extract.paginate.ordered import Ordered
from extract.paginate.size import Size
from extract.paginate.state import matched
from extract.paginate.walk import Page


@dataclass(frozen=True, slots=True)
class IdRange:
    """Pages by the first id they may hold (inclusive), in ascending order of the whole number `id`.

    `id` is a field's name, or an index where records are arrays. The list ends with an empty page, with a short
    one where `size.most` is declared, or before the id `until`; where that is given, ids are taken for dense and
    pages foreseen. A first sweep begins at `first`, or at a time (RFC 3339) where the API takes one by `time_param`,
    spelt by `time_form`, instead of an id. Sample: [{"a": 26129, "p": "0.01633102"}, ...]
    """

    id: str | int = "id"
    envelope: Envelope = Envelope()
    from_param: str = "from_id"
    size: Size = Size("limit")
    first: int = 0
    time_param: str | None = None
    time_form: CursorFormat = CursorFormat.RFC3339

    def start(self, state: str | None = None, since: str | None = None, until: str | None = None) -> "IdWalk":
        """A walk from `state`, else from the id or the time `since`, to before the id `until`; ids are digits.

        Raises ConfigurationError where they are not, and for a time where none is taken.
        """
        opener, ordered = Opener(self.envelope), Ordered(self.id, _whole)
        if state is not None:
            return IdWalk(self, opener, ordered, state, *_place(state))
        end = None if until is None else _bound(until)
        if since is not None and self.time_param is not None and is_time(since):
            return IdWalk(self, opener, ordered, None, write_time(parse_time(since), self.time_form), end)
        start = self.first if since is None else _bound(since)
        return IdWalk(self, opener, ordered, None, start, end)


@dataclass(frozen=True, slots=True)
class IdWalk:
    """A walk over pages by id; its state is "<first id of the page>/<id that ends it, or ..>".

    `start` is an id, or the time, as the API spells it, at which a first page begins.
    """

    paginator: IdRange
    opener: Opener
    ordered: Ordered
    state: str | None
    start: int | str
    until: int | None

    def params(self, page_size: int) -> dict[str, str]:
        by_time = self.paginator.time_param if isinstance(self.start, str) else None
        return {by_time or self.paginator.from_param: str(self.start)} | self.paginator.size.params(page_size)

    def read(self, answer: Answer, page_size: int) -> Page:
        opened = self.opener.open(answer)
        records = opened.records
        sample = self.ordered.sampled(records)
        self.ordered.assert_sorted(sample)
        if sample and isinstance(self.start, int) and sample[0] < self.start:
            raise BadAnswerError(
                f"id {sample[0]} came though {self.paginator.from_param} = {self.start} was asked for"
            )
        state = None
        if not self.paginator.size.falls_short(len(records), page_size):
            last = self.ordered.last(records)
            if last is None:
                raise BadAnswerError(f"no record of a full page holds an id in {self.paginator.id}")
            position, greatest = last
            if self.until is None or greatest + 1 < self.until:
                # What comes after the last id that can be read comes again with the next page.
                records = records[: position + 1]
                state = _state(greatest + 1, self.until)
        return Page(self._within(records), state, opened.as_of, answer.body, opened.total)

    def after(self, page: Page) -> "IdWalk | None":
        return None if page.next_state is None else self._at(page.next_state)

    def foreseen(self, page_size: int) -> "IdWalk | None":
        """The walk to the next page of dense ids, where it is known where they end."""
        asked = self.paginator.size.asked(page_size)
        if (
            self.until is None
            or asked is None
            or isinstance(self.start, str)
            or self.start + asked >= self.until
        ):
            return None
        return self._at(_state(self.start + asked, self.until))

    def _within(self, records: list[msgspec.Raw]) -> list[msgspec.Raw]:
        """`records` without those at the end that lie beyond the walk."""
        end = len(records)
        while self.until is not None and end > 0:
            value = self.ordered.value(records[end - 1])
            if value is None or value < self.until:
                break
            end -= 1
        return records[:end]

    def _at(self, state: str) -> "IdWalk":
        return IdWalk(self.paginator, self.opener, self.ordered, state, *_place(state))


def _state(start: int, until: int | None) -> str:
    return f"{start}/{'..' if until is None else until}"


def _place(state: str) -> tuple[int, int | None]:
    start, until = matched(state, r"(-?[0-9]{1,20})/(-?[0-9]{1,20}|\.\.)", "IdRange")
    return int(start), None if until == ".." else int(until)


def _bound(text: str) -> int:
    try:
        return _whole(text)
    except ValueError:
        raise ConfigurationError(f"{text!r} is no id to walk from or to: valid is a whole number") from None


def _whole(value: str | int | float) -> int:
    """`value` as an id. Raises ValueError where it is no whole number."""
    if isinstance(value, float) or (isinstance(value, str) and not value.removeprefix("-").isdigit()):
        raise ValueError("an id is a whole number")
    return int(value)

"""Pages addressed by a range of time."""

from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec

from extract.answer import Answer
from extract.cursor import UNITS, CursorFormat
from extract.envelope import Envelope, Opener
from extract.errors import BadAnswerError, ConfigurationError
from extract.paginate.ordered import Ordered
from extract.paginate.size import Size
from extract.paginate.span import Span, first_span, next_window, rest
from extract.paginate.ticks import Ticks
from extract.paginate.walk import Page


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """Windows of `width` over a range of time, one request each while a window's records fit a page.

    `time` is the field (or index) by whose time the API selects and orders, oldest first unless `newest_first`.
    Where a page comes back full, the walk goes on inside its window from the last record's time; halving the
    window would fetch pages to throw them away. Records of that last instant may go on behind the page, so they
    are left out and come again; with `unique_times` they cannot. A page full of one instant is a BadAnswerError.

    `size.most` must be declared. Choose `width` so that a page holds a window with room to spare, for windows are
    fetched side by side; None, and a range with an open end, make one window of the range. `backward` takes the
    windows from the newest to the oldest. `unit` is the finest step of the API's times (that of `form`, if None).
    `first` (RFC 3339) begins a first sweep: declare it where a request without a start gives the newest records.
    Sample, with form EPOCH_MILLISECONDS, time 0 and Envelope(None): [[1499040000000, "0.01634790"], ...]
    """

    time: str | int
    start_param: str
    end_param: str
    size: Size
    envelope: Envelope = Envelope()
    form: CursorFormat = CursorFormat.RFC3339
    unit: timedelta | None = None
    width: timedelta | None = None
    start_inclusive: bool = True
    end_inclusive: bool = False
    backward: bool = False
    newest_first: bool = False
    unique_times: bool = False
    first: str | None = None

    def __post_init__(self) -> None:
        if self.form not in UNITS:
            raise ValueError("windows are of times, not of ids")
        if self.size.most is None:
            raise ValueError(
                "declare size.most: only then does a page that is not full prove its window complete"
            )
        if self.width is not None and (self.width < self.step or self.width % self.step):
            raise ValueError(f"width must be a multiple of the unit, {self.step}")
        if self.first is not None:
            self.ticks.floor(self.first)

    @property
    def step(self) -> timedelta:
        """The finest step of the API's times."""
        return self.unit or UNITS[self.form]

    @property
    def ticks(self) -> Ticks:
        """How times are counted and spelt."""
        return Ticks(self.form, self.step)

    @property
    def width_ticks(self) -> int | None:
        """The width of a window in ticks."""
        return None if self.width is None else self.width // self.step

    def start(
        self, state: str | None = None, since: str | None = None, until: str | None = None
    ) -> "TimeWalk":
        """A walk from `state`, else over `since` (inclusive; None: `first`) to `until` (exclusive; None: open).

        Both are RFC 3339 or spelt as `form` says. Raises ConfigurationError where they are no times.
        """
        ticks = self.ticks
        if state is not None:
            span = Span(*ticks.read(state, 4))
        else:
            since = since or self.first
            try:
                low = None if since is None else ticks.floor(since)
                high = None if until is None else ticks.ceiling(until)
            except ValueError as error:
                raise ConfigurationError(f"no time to walk from or to: {error}") from None
            span = first_span(low, high, self.width_ticks, self.backward)
        exact = self.unique_times or self.end_inclusive or not self.start_inclusive
        ordered = Ordered(self.time, ticks.exact if exact else ticks.floor)
        return TimeWalk(self, Opener(self.envelope), ordered, ticks, state, span)


@dataclass(frozen=True, slots=True)
class TimeWalk:
    """A walk over windows of time; its state is "<start>/<end>/<where the next window begins>/<where all ends>"."""

    paginator: TimeWindow
    opener: Opener
    ordered: Ordered
    ticks: Ticks
    state: str | None
    span: Span

    def params(self, page_size: int) -> dict[str, str]:
        params = self.paginator.size.params(page_size)
        start, end = self.span.start, self.span.end
        if start is not None:
            params[self.paginator.start_param] = self.ticks.spell(
                start - (not self.paginator.start_inclusive)
            )
        if end is not None:
            params[self.paginator.end_param] = self.ticks.spell(end - self.paginator.end_inclusive)
        return params

    def read(self, answer: Answer, page_size: int) -> Page:
        opened = self.opener.open(answer)
        self._assert_heeded(opened.records)
        if self.paginator.size.falls_short(len(opened.records), page_size):
            records, following = opened.records, next_window(self.span, self.paginator.width_ticks)
        else:
            records, following = self._part(opened.records)
        state = None if following is None else self.ticks.write(*following)
        return Page(records, state, opened.as_of, answer.body, opened.total)

    def after(self, page: Page) -> "TimeWalk | None":
        if page.next_state is None:
            return None
        return replace(self, state=page.next_state, span=Span(*self.ticks.read(page.next_state, 4)))

    def foreseen(self, page_size: int) -> "TimeWalk | None":  # noqa: ARG002 - windows do not depend on it
        """The walk to the next window, which is right where this window's records fit its page."""
        following = next_window(self.span, self.paginator.width_ticks)
        return (
            None if following is None else replace(self, state=self.ticks.write(*following), span=following)
        )

    def _assert_heeded(self, records: list[msgspec.Raw]) -> None:
        """Raises BadAnswerError where the API minds the window or the order differently than is declared."""
        sample = self.ordered.sampled(records)
        self.ordered.assert_sorted(sample, self.paginator.newest_first)
        start, end = self.span.start, self.span.end
        for tick in sample:
            if (start is not None and tick < start) or (end is not None and tick >= end):
                window = self.ticks.write(start, end)
                raise BadAnswerError(f"a record of {self.ticks.write(tick)} came for the window {window}")

    def _part(self, records: list[msgspec.Raw]) -> tuple[list[msgspec.Raw], Span | None]:
        """What is certain of a full page, and how to go on after it."""
        newest_first, unique = self.paginator.newest_first, self.paginator.unique_times
        last = self.ordered.last(records)
        if last is None:
            raise BadAnswerError(f"no record of a full page holds a time in {self.paginator.time}")
        position, tick = last
        left = rest(self.span, tick, newest_first=newest_first, unique=unique)
        kept = position + 1
        while not unique and kept > 0 and self.ordered.value(records[kept - 1]) == tick:
            kept -= 1
        if left == self.span or kept == 0:
            raise BadAnswerError(
                f"{position + 1 - kept} records share the instant {self.ticks.write(tick)}, as many as a page may "
                f"hold: more of them may be lost"
            )
        # What comes after the last time that can be read comes again with the next page.
        return records[:kept], left or next_window(self.span, self.paginator.width_ticks)

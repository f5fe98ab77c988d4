"""Times as whole numbers of the smallest step that an API's times take, so that bounds are exact."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from extract.cursor import CursorFormat, parse_time, read_time, write_time
from extract.errors import BadAnswerError
from extract.paginate.state import matched

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OPEN = ".."


@dataclass(frozen=True, slots=True)
class Ticks:
    """Times counted in `unit` from 1970; `form` is how the API spells them."""

    form: CursorFormat
    unit: timedelta

    def floor(self, value: str | int | float) -> int:
        """The tick at or before the time `value`. Raises ValueError where it is none."""
        return (read_time(value, self.form) - _EPOCH) // self.unit

    def ceiling(self, value: str | int | float) -> int:
        """The tick at or after the time `value`. Raises ValueError where it is none."""
        return -((_EPOCH - read_time(value, self.form)) // self.unit)

    def exact(self, value: str | int | float) -> int:
        """The tick at the time `value`. Raises ValueError where it is none, BadAnswerError between two ticks."""
        tick = self.floor(value)
        if tick != self.ceiling(value):
            raise BadAnswerError(f"the time {value!r} is finer than the declared unit of {self.unit}")
        return tick

    def spell(self, tick: int) -> str:
        """`tick` as a parameter of a request."""
        if self.form is CursorFormat.RFC3339:
            return self._rfc3339(tick)
        return write_time(self._time(tick), self.form)

    def write(self, *bounds: int | None) -> str:
        """Bounds as a state: RFC 3339 times with slashes between them, ".." for none."""
        return "/".join(_OPEN if tick is None else self._rfc3339(tick) for tick in bounds)

    def read(self, state: str, count: int) -> list[int | None]:
        """The `count` bounds of a state. Raises PageTokenExpiredError where it is of another kind."""
        bounds = matched(state, "/".join([r"(\.\.|[0-9]{4}-[0-9:.T-]+Z)"] * count), "TimeWindow")
        return [None if text == _OPEN else (parse_time(text) - _EPOCH) // self.unit for text in bounds]

    def _time(self, tick: int) -> datetime:
        return _EPOCH + tick * self.unit

    def _rfc3339(self, tick: int) -> str:
        steps = {timedelta(seconds=1): "seconds", timedelta(milliseconds=1): "milliseconds"}
        fitting = (name for step, name in steps.items() if self.unit % step == timedelta(0))
        precision = next(fitting, "microseconds")
        return self._time(tick).replace(tzinfo=None).isoformat(timespec=precision) + "Z"

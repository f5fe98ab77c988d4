"""The drift calendar: which shape an order has on which day."""

from functools import cache
from typing import NamedTuple

from sandbox.smartpizza.config import DriftCalendar
from sandbox.smartpizza.times import DAY, NEVER, START


class Shape(NamedTuple):
    """How a record of one day is written."""

    loyalty_points: bool
    branch_id: bool
    store_id: bool
    null_arrays: bool
    money_objects: bool
    quantity_strings: bool


class Drift:
    """Answers for one calendar."""

    def __init__(self, calendar: DriftCalendar) -> None:
        self._calendar = calendar
        self.shape = cache(self._shape)
        self.scheduled_from = _instant(calendar.scheduled)
        self.halves_from = _instant(calendar.halves)
        self.uuid_v7_from = _instant(calendar.uuid_v7)

    def _shape(self, day: int) -> Shape:
        """The shape of records whose updated_at falls on this day (UTC, 0 is the first simulated day)."""
        calendar = self._calendar

        def since(start: int | None) -> bool:
            return start is not None and day >= start

        renamed = calendar.store_id
        return Shape(
            loyalty_points=since(calendar.loyalty_points),
            branch_id=renamed is None or day < renamed + calendar.both_branch_keys_days,
            store_id=since(renamed),
            null_arrays=since(calendar.null_arrays),
            money_objects=since(calendar.money_objects),
            quantity_strings=since(calendar.quantity_strings),
        )


def _instant(day: int | None) -> int:
    return NEVER if day is None else START + day * DAY

"""The value by which an API orders its records: read where it matters, checked by sample."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from extract.errors import BadAnswerError
from extract.json_shape import Leaf, record_type

_SAMPLES = 16


class Ordered:
    """Reads the value of `field` (a name, or an index where records are arrays) as a whole number.

    `number` makes one of what the field holds; a record where it raises ValueError has no value.
    """

    def __init__(self, field: str | int, number: Callable[[str | int | float], int]) -> None:
        value: Any = str | int | float
        self._decoder = msgspec.json.Decoder(record_type({"value": (field, Leaf(value))}))
        self._number = number
        self.field = field

    def value(self, record: msgspec.Raw) -> int | None:
        """The value of `record`; None where it has none, which makes it a dead letter later on."""
        try:
            return self._number(self._decoder.decode(record).value)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None

    def last(self, records: Sequence[msgspec.Raw]) -> tuple[int, int] | None:
        """Position and value of the last of `records` that has one."""
        for position in range(len(records) - 1, -1, -1):
            value = self.value(records[position])
            if value is not None:
                return position, value
        return None

    def sampled(self, records: Sequence[msgspec.Raw]) -> list[int]:
        """Values of some of `records`, evenly spread, the first and the last among them."""
        step = max(1, len(records) // _SAMPLES)
        values = [self.value(record) for record in (*records[::step], *records[-1:])]
        return [value for value in values if value is not None]

    def assert_sorted(self, values: Sequence[int], descending: bool = False) -> None:
        """Raises BadAnswerError where `values`, a sample, are out of order: what went on from them would lose."""
        if list(values) != sorted(values, reverse=descending):
            order = "descending" if descending else "ascending"
            raise BadAnswerError(f"the answer's records are not in {order} order of {self.field}")

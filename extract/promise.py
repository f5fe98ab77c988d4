"""What a stream promises of each record: its key fields are there, and it is not too large to be kept."""

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from extract.cursor import CursorFormat, greatest
from extract.json_shape import Leaf, record_type
from extract.paginate import Page
from extract.source import Stream

Broken = dict[int, str]

MAX_RECORD_BYTES = 16 * 1024 * 1024

_SCALAR: Any = str | int | float
_NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Promise:
    """Checks the pages of one stream and reads their cursor values."""

    def __init__(self, stream: Stream, max_record_bytes: int = MAX_RECORD_BYTES) -> None:
        self._max_record_bytes = max_record_bytes
        self._key = ", ".join(map(str, stream.primary_key))
        self._form = stream.cursor.form if stream.cursor else None
        keys = {f"key_{i}": (place, Leaf(_SCALAR)) for i, place in enumerate(stream.primary_key)}
        usual = dict(keys)
        if stream.cursor is not None:
            field = stream.cursor.field
            is_key = field in stream.primary_key
            if is_key:
                del usual[f"key_{stream.primary_key.index(field)}"]
            usual["cursor"] = (field, self._usual_cursor(is_key))
            self._odd_cursor = msgspec.json.Decoder(record_type({"value": (field, Leaf(_SCALAR))}))
        self._keys = msgspec.json.Decoder(record_type(keys))
        self._record = msgspec.json.Decoder(record_type(usual))

    def check(self, page: Page) -> tuple[Broken, str | None]:
        """Broken records of `page` (position -> reason), and the greatest cursor value of the others, as text."""
        limit = self._max_record_bytes
        if len(page.body) > limit and max(map(len, page.records), default=0) > limit:
            return self.check_each(page.records)
        try:
            records = list(map(self._record.decode, page.records))
        except _NO_JSON:
            return self.check_each(page.records)
        if self._form is None:
            return {}, None
        values = [record.cursor for record in records]
        if self._form is CursorFormat.RFC3339:
            return {}, greatest(values)
        newest = max((value for value in values if value is not None), default=None)
        return {}, None if newest is None else str(newest)

    def check_each(self, records: Sequence[msgspec.Raw]) -> tuple[Broken, str | None]:
        """As `check`, of records without the page they came on."""
        cursors: list[str | int | float] = []
        broken: Broken = {}
        for position, record in enumerate(records):
            if len(record) > self._max_record_bytes:
                limit = f"load.max_record_bytes = {self._max_record_bytes}"
                broken[position] = f"too large: {len(record)} bytes, more than {limit}"
                continue
            try:
                self._keys.decode(record)
            except msgspec.ValidationError as error:
                broken[position] = f"no usable key ({self._key}): {error}"
                continue
            except _NO_JSON:
                continue  # no JSON to us: whether it is to Postgres, the COPY tells
            if self._form is not None:
                with suppress(*_NO_JSON):
                    cursors.append(self._odd_cursor.decode(record).value)
        return broken, self._greatest(cursors)

    def _usual_cursor(self, is_key: bool) -> Leaf:
        """The type that a cursor is expected to have; a page where one differs takes the slower way."""
        kind: Any = str if self._form is CursorFormat.RFC3339 else int
        return Leaf(kind) if is_key else Leaf(kind | None, None)

    def _greatest(self, values: Iterable[str | int | float]) -> str | None:
        if self._form is None:
            return None
        if self._form is CursorFormat.RFC3339:
            return greatest(value for value in values if isinstance(value, str))
        # A fraction is cut off: the next sweep asks from the whole number before it.
        whole = (str(math.floor(value) if isinstance(value, float) else value) for value in values)
        return greatest(whole, self._form)

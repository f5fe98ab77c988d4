"""What a stream promises of each record: its key fields are there. Read without decoding the rest."""

from collections.abc import Sequence
from typing import Any

import msgspec

from extract.cursor import greatest
from extract.paginate import Page
from extract.source import Stream

Broken = dict[int, str]


class Promise:
    """Checks the pages of one stream and reads their cursor values."""

    def __init__(self, stream: Stream) -> None:
        cursor = stream.cursor.field if stream.cursor else None
        fields: list[Any] = [(f"key_{i}", str | int | float) for i in range(len(stream.primary_key))]
        names = {f"key_{i}": name for i, name in enumerate(stream.primary_key)}
        if cursor is not None:
            fields.append(("cursor", str | int | float | None, None))
            names["cursor"] = cursor
        record = msgspec.defstruct("Promised", fields, rename=names, gc=False)
        self._has_cursor = cursor is not None
        self._record = msgspec.json.Decoder(record)
        records: Any = list[record]  # type: ignore[valid-type]
        self._page = msgspec.json.Decoder(stream.paginator.envelope(records))
        self._key = ", ".join(stream.primary_key)

    def check(self, page: Page) -> tuple[Broken, str | None]:
        """Broken records of `page` (position -> reason), and the greatest cursor value of the others."""
        try:
            return {}, self._greatest(self._page.decode(page.body).data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return self.check_each(page.records)

    def check_each(self, records: Sequence[msgspec.Raw]) -> tuple[Broken, str | None]:
        """As `check`, of records without the page they came on."""
        kept: list[Any] = []
        broken: Broken = {}
        for position, record in enumerate(records):
            try:
                kept.append(self._record.decode(record))
            except msgspec.ValidationError as error:
                broken[position] = f"no usable key ({self._key}): {error}"
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue  # no JSON to us: whether it is to Postgres, the COPY tells
        return broken, self._greatest(kept)

    def _greatest(self, records: Sequence[Any]) -> str | None:
        if not self._has_cursor:
            return None
        return greatest(record.cursor for record in records if isinstance(record.cursor, str))

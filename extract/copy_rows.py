"""Rows of a raw table in the binary COPY format: record bytes go in as they came, with nothing to escape."""

import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import msgspec

HEADER = b"PGCOPY\n\xff\r\n\x00" + struct.pack("!ii", 0, 0)
TRAILER = struct.pack("!h", -1)
# What the rows of a page share comes first, in one piece; then what each has of its own.
COLUMNS = ("load_id", "loaded_on", "extracted_at", "served_at", "context", "load_position", "record")

_EPOCH_DAY = date(2000, 1, 1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_NULL = struct.pack("!i", -1)
_JSONB_VERSION = 1


@dataclass(frozen=True, slots=True)
class RowFrame:
    """What all records of one page share."""

    load_id: int
    loaded_on: date
    extracted_at: datetime
    served_at: datetime | None
    context: bytes | None

    def encode(
        self, records: Sequence[msgspec.Raw], first_position: int, without: Collection[int]
    ) -> tuple[bytes, int]:
        """Binary COPY rows of `records`, those at positions `without` left out, and how many rows they are.

        The record at position p of the page gets load_position first_position + p.
        """
        shared = b"".join(
            (
                struct.pack("!hiqii", len(COLUMNS), 8, self.load_id, 4, (self.loaded_on - _EPOCH_DAY).days),
                _timestamp(self.extracted_at),
                _timestamp(self.served_at),
                _jsonb(self.context),
            )
        )
        before = struct.Struct(f"!{len(shared)}siiiB").pack
        places: Sequence[int] = range(first_position, first_position + len(records))
        if without:
            kept = [position for position in range(len(records)) if position not in without]
            places, records = (
                [places[position] for position in kept],
                [records[position] for position in kept],
            )
        # Two slices and a join: a third less work than adding the parts row by row.
        parts: list[bytes | msgspec.Raw] = [b""] * (2 * len(records))
        parts[::2] = [
            before(shared, 4, place, len(record) + 1, _JSONB_VERSION)
            for place, record in zip(places, records, strict=True)
        ]
        parts[1::2] = records
        return b"".join(parts), len(records)


def _timestamp(value: datetime | None) -> bytes:
    if value is None:
        return _NULL
    since = value - _EPOCH
    microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return struct.pack("!iq", 8, microseconds)


def _jsonb(value: bytes | None) -> bytes:
    if value is None:
        return _NULL
    return struct.pack("!iB", len(value) + 1, _JSONB_VERSION) + value

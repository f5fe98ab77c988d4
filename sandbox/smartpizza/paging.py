"""Keyset paging: a position in a sorted listing that survives writes before and after it."""

import bisect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from sandbox.smartpizza.arrays import Flags, Instants, Rows, Sortable
from sandbox.smartpizza.hashing import Hash

Record = dict[str, Any]


class Position(NamedTuple):
    """Just after the record with this updated_at (milliseconds) and id."""

    updated: int
    key: str


@dataclass(frozen=True)
class Listing:
    """Records sorted by (updated_at, id), known by row number and rendered only when they are served."""

    updated: Instants
    rows: Rows
    key: Callable[[int], str]
    render: Callable[[Instants, Instants], list[Record]]
    keep: Callable[[Instants, Instants], Flags] | None = None

    def since(self, instant: int | None) -> int:
        """Offset of the first record updated at or after the instant."""
        return 0 if instant is None else int(np.searchsorted(self.updated, instant, side="left"))

    def after(self, position: Position) -> int:
        """Offset of the first record after the position."""
        low = int(np.searchsorted(self.updated, position.updated, side="left"))
        high = int(np.searchsorted(self.updated, position.updated, side="right"))
        return (
            bisect.bisect_right(range(low, high), position.key, key=lambda at: self.key(int(self.rows[at])))
            + low
        )


@dataclass(frozen=True)
class Slice:
    """One page's records and where the next one starts (None after the last)."""

    records: list[Record]
    next: Position | None


def read_slice(listing: Listing, offset: int, limit: int) -> Slice:
    """Up to `limit` records from the offset on."""
    rows: list[Rows] = []
    updated: list[Instants] = []
    found = 0
    end = len(listing.rows)
    while found < limit and offset < end:
        stop = min(end, offset + limit - found)
        some_rows, some_updated = listing.rows[offset:stop].astype(np.int64), listing.updated[offset:stop]
        offset = stop
        if listing.keep is not None:
            wanted = listing.keep(some_rows, some_updated)
            some_rows, some_updated = some_rows[wanted], some_updated[wanted]
        rows.append(some_rows)
        updated.append(some_updated)
        found += len(some_rows)
    records = listing.render(np.concatenate(rows), np.concatenate(updated)) if found else []
    if offset >= end:
        return Slice(records, None)
    return Slice(
        records, Position(int(listing.updated[offset - 1]), listing.key(int(listing.rows[offset - 1])))
    )


def sort_listing(updated: Instants, rows: Rows, tie: Sortable) -> tuple[Instants, Rows]:
    """Both arrays in the order of (updated, tie)."""
    order = np.lexsort((tie, updated))
    return updated[order], rows[order].astype(np.int32, copy=False)


def page_length(draws: Hash, stream: str, offset: int, limit: int) -> int:
    """How long the page at this offset is allowed to be: now and then short or empty, as the API may."""
    draw = float(draws.unit(f"page:{stream}:{limit}", offset)[0])
    if draw < 0.06:
        return 0
    return max(1, limit // 3) if draw < 0.14 else limit

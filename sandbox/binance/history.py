"""The generated candles of all symbols: any interval, any window, at any time of the clock."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sandbox.binance.calendar import Calendar
from sandbox.binance.candles import Candles, merge
from sandbox.binance.config import BinanceConfig, milliseconds
from sandbox.binance.intervals import QUARTER, WIDTHS
from sandbox.binance.quarters import Quarters
from sandbox.binance.split import split
from sandbox.binance.symbols import Symbol
from sandbox.smartpizza.arrays import Ints
from sandbox.smartpizza.hashing import Hash
from sandbox.smartpizza.times import MINUTE, NEVER, SECOND

# Quarters that are made in one go: not more than memory likes, but more than the longest candle has.
_MOST = 65_536


class Window(NamedTuple):
    """Candles that open from `start` to `end`, both included (milliseconds; None: open): the oldest `limit` of them
    where there is a start, else the newest.
    """

    start: int | None
    end: int | None
    limit: int


class History:
    """The candles of one symbol."""

    def __init__(self, config: BinanceConfig, symbol: Symbol) -> None:
        self.symbol = symbol
        self.calendar = Calendar(config, symbol.config)
        self.numbers = Quarters(symbol, config.seed)
        self._draws = Hash(config.seed)
        self._restated = [
            (*(milliseconds(at) for at in (told.start, told.end, told.seen_from)), told.volume_permille)
            for told in config.restatements
            if told.symbol == symbol.name
        ]

    def candles(self, interval: str, window: Window, now: int, zone: int = 0) -> Candles:
        """The candles of a window as they are at `now`; the newest of them may still grow."""
        start = max(
            self.calendar.listed_at - WIDTHS[interval], window.start if window.start is not None else -NEVER
        )
        end = min(now, window.end if window.end is not None else NEVER)
        found: list[Candles] = []
        count = 0
        backward = window.start is None
        for piece in self._pieces(
            interval, start, end, limit=window.limit, now=now, zone=zone, backward=backward
        ):
            inside = (piece.open_at >= start) & (piece.open_at <= end)
            found.append(piece.take(inside))
            count += found[-1].size
            if count >= window.limit:
                break
        if backward:
            found.reverse()
        whole = found[0].then(*found[1:]) if found else self._longer(interval, 0, 0, now, zone)
        return whole.take(slice(-window.limit, None) if backward else slice(window.limit))

    def quarters(self, first: int, stop: int, now: int) -> Candles:
        """The quarters of these numbers that there are, whole even if they are not over at `now`."""
        open_at, ends_at, exists = self.calendar.quarters(first, stop)
        extra = np.zeros(len(open_at), dtype=np.int64)
        for start, end, seen_from, permille in self._restated:
            if seen_from <= now:
                extra[(open_at >= start) & (open_at < end)] += permille
        found = self.numbers.candles(first, stop, extra)._replace(open_at=open_at, ends_at=ends_at)
        return found.take(exists & (open_at <= now))

    def _pieces(
        self, interval: str, start: int, end: int, *, limit: int, now: int, zone: int, backward: bool
    ) -> Iterator[Candles]:
        """Whole candles of the interval, a piece of history at a time, from one end of it to the other."""
        if start > end:
            return
        low = self._first_quarter(interval, start // QUARTER - 1, zone)
        high = self._next_quarter(interval, end // QUARTER, zone)
        size = min(_MOST, (limit + 2) * WIDTHS[interval] // QUARTER + 2)
        while low < high:
            if backward:
                cut = max(low, self._first_quarter(interval, high - size, zone))
                piece, high = (cut, high), cut
            else:
                cut = min(high, self._first_quarter(interval, low + size, zone))
                piece, low = (low, cut), cut
            yield self._longer(interval, *piece, now, zone)
            size = min(size * 2, _MOST)

    def _longer(self, interval: str, first: int, stop: int, now: int, zone: int) -> Candles:
        """The candles of these quarters."""
        quarters = self.quarters(first, stop, now)
        width = WIDTHS[interval]
        if width >= QUARTER:
            parts = self._with_open_one(quarters, now)
        elif width == SECOND:
            return self._seconds(self._minutes(quarters, now), now)
        else:
            minutes = self._minutes(quarters, now)
            parts = minutes if not minutes.size else self._open_minute(minutes, now)
        opens: Ints = self.calendar.opens(interval, parts.open_at, zone)
        return merge(parts, opens) if width not in (MINUTE, QUARTER) else parts

    def _with_open_one(self, quarters: Candles, now: int) -> Candles:
        """The last quarter holds only what was traded until `now`."""
        if not quarters.size or quarters.ends_at[-1] <= now:
            return quarters
        last = quarters.take(slice(-1, None))
        minutes = self._open_minute(self._minutes(last, now), now)
        return quarters.take(slice(-1)).then(merge(minutes, np.repeat(last.open_at, minutes.size)))

    def _open_minute(self, minutes: Candles, now: int) -> Candles:
        last = minutes.take(slice(-1, None))
        if last.ends_at[0] <= now:
            return minutes
        seconds = self._seconds(last, now)
        return minutes.take(slice(-1)).then(merge(seconds, np.repeat(last.open_at, seconds.size)))

    def _minutes(self, quarters: Candles, now: int) -> Candles:
        minutes = split(quarters, 15, MINUTE, self._draws, f"{self.symbol.name}:minutes")
        return minutes.take(minutes.open_at <= now)

    def _seconds(self, minutes: Candles, now: int) -> Candles:
        seconds = split(minutes, 60, SECOND, self._draws, f"{self.symbol.name}:seconds")
        return seconds.take(seconds.open_at <= now)

    def _first_quarter(self, interval: str, quarter: int, zone: int) -> int:
        """The first quarter of the candle that holds this one."""
        if WIDTHS[interval] <= QUARTER:
            return quarter
        open_at, _, _ = self.calendar.quarters(quarter, quarter + 1)
        return int(self.calendar.opens(interval, open_at, zone)[0]) // QUARTER

    def _next_quarter(self, interval: str, quarter: int, zone: int) -> int:
        """The first quarter after the candle that holds this one."""
        if WIDTHS[interval] <= QUARTER:
            return quarter + 1
        open_at, _, _ = self.calendar.quarters(quarter, quarter + WIDTHS[interval] // QUARTER + 2)
        opens = self.calendar.opens(interval, open_at, zone)
        return quarter + int(np.argmax(opens != opens[0]))

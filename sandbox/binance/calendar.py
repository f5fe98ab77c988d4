"""When a symbol is traded, and how its candles lie in time: pauses, and candles that leave the grid after one."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sandbox.binance import intervals
from sandbox.binance.config import BinanceConfig, SymbolConfig, milliseconds
from sandbox.binance.intervals import QUARTER
from sandbox.smartpizza.arrays import Flags, Ints
from sandbox.smartpizza.times import HOUR, NEVER, SECOND


class Pause(NamedTuple):
    """Nothing is traded from `start` until `end`; `cut`: the interrupted candle's close time is `start`."""

    start: int
    end: int
    cut: bool = False


class Zone(NamedTuple):
    """Candles up to an hour open at `start` and every interval after it, until `end`."""

    start: int
    end: int


class Calendar:
    """The pauses and off-grid zones of one symbol. Instants are milliseconds since 1970."""

    def __init__(self, config: BinanceConfig, symbol: SymbolConfig) -> None:
        self.listed_at = milliseconds(symbol.listed_at or config.since)
        self.delisted_at = NEVER if symbol.delisted_at is None else milliseconds(symbol.delisted_at)
        self._statuses = [(milliseconds(change.at), change.status) for change in symbol.statuses]
        self._pauses = [
            Pause(milliseconds(outage.start), milliseconds(outage.end), outage.cut)
            for outage in config.outages
        ]
        self._pauses += [Pause(-NEVER, self.listed_at), Pause(self.delisted_at, NEVER), *self._halts()]
        self._zones = [
            Zone(milliseconds(outage.end), milliseconds(outage.off_grid_until))
            for outage in config.outages
            if outage.off_grid_until is not None
        ]

    def status(self, now: int) -> str:
        """TRADING, HALT or BREAK."""
        return next((status for at, status in reversed(self._statuses) if at <= now), "TRADING")

    def known(self, now: int) -> bool:
        """Whether the API knows the symbol."""
        return self.listed_at <= now < self.delisted_at

    def quarters(self, first: int, stop: int) -> tuple[Ints, Ints, Flags]:
        """Of quarters `first` to `stop`: when each opens and ends, and whether there is one."""
        number = np.arange(first, stop, dtype=np.int64)
        open_at = number * QUARTER
        ends_at = open_at + QUARTER
        for zone in self._zones:
            moved = (number >= zone.start // QUARTER) & (open_at + zone.start % QUARTER < zone.end)
            open_at = np.where(moved, open_at + zone.start % QUARTER, open_at)
            ends_at = np.where(moved, np.minimum(open_at + QUARTER, zone.end), ends_at)
        exists = np.ones(len(number), dtype=np.bool_)
        for pause in self._pauses:
            exists &= (open_at < pause.start) | (open_at >= pause.end)
            ends_at = np.where((open_at < pause.start) & (ends_at > pause.start), pause.start, ends_at)
        return open_at, ends_at, exists

    def opens(self, interval: str, instants: Ints, zone: int = 0) -> Ints:
        """When the candles open that hold candles which open at these instants."""
        opens = intervals.floor(interval, instants, zone)
        width = intervals.WIDTHS[interval]
        if width <= HOUR:
            for start, end in self._zones:
                inside = (instants >= start) & (instants < end)
                opens = np.where(inside, start + (instants - start) // width * width, opens)
        return opens

    def closes(self, interval: str, opens: Ints, now: int, zone: int = 0) -> Ints:
        """The close times, as the API tells them at `now`, of candles that open then."""
        after = intervals.after(interval, opens, zone)
        closes = after - 1
        width = intervals.WIDTHS[interval]
        if width <= HOUR:
            for start, end in self._zones:
                after = np.where((opens < start) & (after > start), start, after)
                late = (opens >= start) & (opens < end) & (after > end)
                closes = np.where(late, end + SECOND - 1, np.minimum(closes, after - 1))
        for pause in self._pauses:
            if pause.cut and pause.start <= now:
                broken = (opens < pause.start) & (after > pause.start) & (after <= pause.end)
                closes = np.where(broken, pause.start - 1, closes)
        return closes

    def _halts(self) -> list[Pause]:
        changes = [*self._statuses, (NEVER, "TRADING")]
        return [Pause(at, end) for (at, status), (end, _) in pairwise(changes) if status != "TRADING"]

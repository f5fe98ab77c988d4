"""Aggregate trades of a symbol: dense ids, by id or by time, for the same effort anywhere in history.

Those of a quarter of an hour have its first and last price and its volume (as it was before any restatement), and
stay within its prices. Up to three of them share a millisecond. Each stands for two trades.
"""

import threading
from typing import Any

import numpy as np

from sandbox.binance.encode import decimal
from sandbox.binance.history import History, Window
from sandbox.binance.intervals import QUARTER
from sandbox.smartpizza.arrays import Ints
from sandbox.smartpizza.hashing import Hash

_SHARING_AN_INSTANT = 3
_AHEAD = 4_096


class Trades:
    """The trades of one symbol. Thread-safe."""

    def __init__(self, history: History, seed: int) -> None:
        self._history = history
        self._draws = Hash(seed)
        self._name = history.symbol.name
        self._first = history.calendar.listed_at // QUARTER
        self._lock = threading.Lock()
        # Aggregates, and trades, before each quarter from the first one on.
        self._before = self._trades_before = np.zeros(1, dtype=np.int64)

    def page(
        self, from_id: int | None, window: Window, now: int, *, microseconds: bool
    ) -> list[dict[str, Any]]:
        """The trades that there are at `now`: from an id on, or in a window of times."""
        stop = self._id_at(now + 1)
        if from_id is not None:
            return self._between(from_id, min(stop, from_id + window.limit), microseconds)
        if window.end is not None:
            stop = min(stop, self._id_at(window.end + 1))
        if window.start is None:
            return self._between(max(0, stop - window.limit), stop, microseconds)
        start = self._id_at(window.start)
        return self._between(start, min(stop, start + window.limit), microseconds)

    def trades_before(self, instant: int) -> int:
        """How many trades there were before the quarter of an hour that holds this instant."""
        quarter = max(0, instant // QUARTER - self._first)
        self._count_until(quarter + 1)
        return int(self._trades_before[quarter])

    def _between(self, start: int, stop: int, microseconds: bool) -> list[dict[str, Any]]:
        if start >= stop:
            return []
        first = int(np.searchsorted(self._before, start, side="right")) - 1
        last = int(np.searchsorted(self._before, stop, side="left"))
        skipped = start - int(self._before[first])
        found = self._quarters(first, last)[:, skipped : skipped + stop - start]
        _, tick, lot = self._history.symbol.steps
        scale = 1_000 if microseconds else 1
        return [
            {
                "a": number,
                "p": decimal(price * tick),
                "q": decimal(lots * lot),
                "f": first_trade,
                "l": last_trade,
                "T": at * scale,
                "m": bool(maker),
                "M": True,
            }
            for number, price, lots, first_trade, last_trade, at, maker in found.T.tolist()
        ]

    def _quarters(self, first: int, stop: int) -> Ints:
        """All trades of these quarters, counted from the symbol's first: id, price, lots, f, l, time, maker."""
        self._count_until(stop)
        low, high = first + self._first, stop + self._first
        open_at, ends_at, _ = self._history.calendar.quarters(low, high)
        candles = self._history.numbers.candles(low, high)
        counts = np.diff(self._before[first : stop + 1])
        row = np.repeat(np.arange(stop - first), counts)
        ids = np.arange(self._before[first], self._before[stop])
        number = ids - self._before[first:stop][row]
        of = counts[row]
        draw = self._draws.unit(f"{self._name}:trades", ids)
        running = np.cumsum((draw * 1_000).astype(np.int64) + 1)
        start = np.concatenate([[0], running])[self._before[first:stop] - self._before[first]]
        total = (
            np.concatenate([[0], running])[self._before[first + 1 : stop + 1] - self._before[first]] - start
        )
        rest = candles.volume - counts
        until = rest[row] * (running - start[row]) // total[row]
        lots = 1 + np.diff(until, prepend=0)
        lots[number == 0] = 1 + until[number == 0]
        price = candles.low[row] + ((candles.high - candles.low + 1)[row] * (draw * 7_919 % 1)).astype(
            np.int64
        )
        price = np.where(
            number == 0, candles.open[row], np.where(number == of - 1, candles.close[row], price)
        )
        first_trade = self._trades_before[first:stop][row] + 2 * number
        last_trade = np.minimum(first_trade + 1, self._trades_before[first + 1 : stop + 1][row] - 1)
        at = open_at[row] + (number - number % _SHARING_AN_INSTANT) * (ends_at - open_at)[row] // of
        return np.stack([ids, price, lots, first_trade, last_trade, at, (draw < 0.5).astype(np.int64)])

    def _id_at(self, instant: int) -> int:
        """The id of the first trade at or after this instant."""
        quarter = instant // QUARTER - self._first
        if quarter < 0:
            return 0
        first = max(0, quarter - 1)
        times = self._quarters(first, quarter + 1)[5]
        return int(self._before[first]) + int(np.count_nonzero(times < instant))

    def _count_until(self, quarter: int) -> None:
        """Knows the counts before this quarter, counted from the symbol's first, and all before it."""
        with self._lock:
            known = len(self._before) - 1
            if quarter <= known:
                return
            low, high = known + self._first, quarter + _AHEAD + self._first
            _, _, exists = self._history.calendar.quarters(low, high)
            trades = np.where(exists, self._history.numbers.trades(low, high), 0)
            self._before = _continued(self._before, (trades + 1) // 2)
            self._trades_before = _continued(self._trades_before, trades)


def _continued(before: Ints, counts: Ints) -> Ints:
    return np.concatenate([before, before[-1] + np.cumsum(counts)])

"""Fifteen-minute candles from their number alone, as if nothing ever went wrong.

Quarter k opens k x 15 minutes after the epoch. The price at its ends is a product of slow and fast waves, each
interpolated between drawn heights, so that any quarter of any year costs the same.
"""

import numpy as np
from numpy.typing import NDArray

from sandbox.binance.candles import Candles
from sandbox.binance.intervals import QUARTER
from sandbox.binance.symbols import Symbol
from sandbox.smartpizza.arrays import Ints
from sandbox.smartpizza.hashing import Hash

# Length in quarters, and how far it carries the price up or down.
_WAVES = ((1, 0.001), (8, 0.004), (96, 0.02), (1_000, 0.08), (9_000, 0.2), (70_000, 0.5))
_WICK = 0.003
_PIECE = np.uint64(0xFFFF)


class Quarters:
    """The quarters of one symbol."""

    def __init__(self, symbol: Symbol, seed: int) -> None:
        self._symbol = symbol
        self._draws = Hash(seed)

    def candles(self, first: int, stop: int, extra_permille: Ints | None = None) -> Candles:
        """Quarters `first` to `stop` (exclusive); `extra_permille` is how much more volume each of them has."""
        ticks = self._ticks(first, stop + 1)
        trades = self.trades(first, stop)
        jitter, above, below, size = self._pieces("prices", first, stop)
        share, maker, taker, _ = self._pieces("volumes", first, stop)
        quiet = trades == 0
        close = np.where(quiet, ticks[:-1], ticks[1:])
        # Mostly, but not always, a candle opens where the last one closed.
        opened = np.where(quiet, close, np.maximum(1, ticks[:-1] + (jitter * 5).astype(np.int64) - 2))
        top, bottom = np.maximum(opened, close), np.minimum(opened, close)
        wick = np.where(quiet, 0.0, close * _WICK)
        high = top + (wick * above * above).astype(np.int64)
        low = np.maximum(1, bottom - (wick * below * below).astype(np.int64))
        volume = trades + (trades * self._symbol.lots_a_trade * 2 * size).astype(np.int64)
        if extra_permille is not None:
            volume += volume * extra_permille // 1000
        taker_volume = (volume * (0.25 + 0.5 * share)).astype(np.int64)
        # Within a quarter makers and takers each have one price, which all shorter candles hold: sums stay exact.
        maker_price, taker_price = (
            low + ((high - low + 1) * draw).astype(np.int64) for draw in (maker, taker)
        )
        taker_quote = taker_price * taker_volume
        quote = maker_price * (volume - taker_volume) + taker_quote
        open_at = np.arange(first, stop, dtype=np.int64) * QUARTER
        return Candles(
            *(open_at, open_at + QUARTER, opened, high, low, close),
            *(volume, taker_volume, quote, taker_quote, trades),
        )

    def trades(self, first: int, stop: int) -> Ints:
        """The number of trades of each quarter."""
        config = self._symbol.config
        busy, quiet, _, _ = self._pieces("trades", first, stop)
        found = 1 + (config.trades * 4 * busy**3).astype(np.int64)
        return np.where(quiet < config.quiet, 0, found)

    def _ticks(self, first: int, stop: int) -> Ints:
        """The price at the beginning of each quarter."""
        at = np.arange(first, stop, dtype=np.int64)
        path = np.full(len(at), self._symbol.mid_ticks)
        for length, depth in _WAVES:
            node, rest = np.divmod(at, length)
            nodes = np.arange(node[0], node[-1] + 2)
            heights = self._draws.unit(f"{self._symbol.name}:wave:{length}", nodes) * 2 - 1
            height, following = heights[node - node[0]], heights[node - node[0] + 1]
            path *= 1 + depth * (height + (following - height) * (rest / length))
        return np.maximum(10, path.astype(np.int64))

    def _pieces(self, purpose: str, first: int, stop: int) -> list[NDArray[np.float64]]:
        """Four numbers in [0, 1) for each quarter."""
        bits = self._draws.bits(f"{self._symbol.name}:{purpose}", np.arange(first, stop))
        return [((bits >> np.uint64(at)) & _PIECE).astype(np.float64) * 2.0**-16 for at in (0, 16, 32, 48)]

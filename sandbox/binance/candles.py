"""Candles as columns of whole numbers, and longer candles made of shorter ones."""

from typing import Any, NamedTuple

import numpy as np

from sandbox.smartpizza.arrays import Ints


class Candles(NamedTuple):
    """One entry a candle in each column, in the order of their time.

    Prices are in ticks, volumes in lots, quote volumes in tick x lot. `ends_at` is the first instant (milliseconds
    since 1970) at which nothing is traded for this candle any more.
    """

    open_at: Ints
    ends_at: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints
    taker_volume: Ints
    quote: Ints
    taker_quote: Ints
    trades: Ints

    @property
    def size(self) -> int:
        """How many candles there are."""
        return len(self.open_at)

    def take(self, which: Any) -> "Candles":
        """The candles that a slice, mask or index array chooses."""
        return Candles(*(column[which] for column in self))

    def then(self, *later: "Candles") -> "Candles":
        """These candles and later ones."""
        return Candles(*(np.concatenate(columns) for columns in zip(self, *later, strict=True)))


def merge(candles: Candles, opens: Ints) -> Candles:
    """Longer candles: `opens` says for each candle when the one opens that it belongs to."""
    if not candles.size:
        return candles
    first = np.flatnonzero(np.concatenate([[True], opens[1:] != opens[:-1]]))
    last = np.append(first[1:], candles.size) - 1
    return Candles(
        opens[first],
        candles.ends_at[last],
        candles.open[first],
        np.maximum.reduceat(candles.high, first),
        np.minimum.reduceat(candles.low, first),
        candles.close[last],
        *(np.add.reduceat(column, first) for column in candles[6:]),
    )

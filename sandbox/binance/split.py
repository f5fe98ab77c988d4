"""Candles split into shorter ones that add up to them exactly."""

import numpy as np
from numpy.typing import NDArray

from sandbox.binance.candles import Candles
from sandbox.smartpizza.arrays import Flags, Ints
from sandbox.smartpizza.hashing import Hash


def split(candles: Candles, parts: int, width: int, draws: Hash, purpose: str) -> Candles:
    """Each candle as `parts` candles of `width` milliseconds, less those that would open after its end.

    First open, last close, highest high, lowest low and all sums are those of the candle; a part without trades
    stays at the price before it. Quote volumes follow from the two prices that makers and takers have in it.
    """
    open_at = candles.open_at[:, None] + np.arange(parts, dtype=np.int64) * width
    ends_at = candles.ends_at[:, None]
    exists = open_at < ends_at
    draw = draws.unit(purpose, open_at.reshape(-1)).reshape(open_at.shape)
    weights = np.where(exists, (draw * 65_536).astype(np.int64) + 1, 0)
    trades = _shares(candles.trades, weights)
    active = trades > 0
    # A lot for each trade, and the rest by weight.
    volume = trades + _shares(candles.volume - candles.trades, np.where(active, weights, 0))
    taker_volume = _shares(candles.taker_volume, volume)
    maker, taker = _prices(candles)
    opened, high, low, close = _path(candles, active, draw, np.stack([maker, taker]))
    taker_quote = taker[:, None] * taker_volume
    columns = (
        *(open_at, np.minimum(open_at + width, ends_at), opened, high, low, close),
        *(volume, taker_volume, maker[:, None] * (volume - taker_volume) + taker_quote, taker_quote, trades),
    )
    return Candles(*(column[exists] for column in columns))


def _shares(whole: Ints, weights: Ints) -> Ints:
    """Each whole divided by the weights of its row, without a rest; no share is more than its weight where the
    whole is not more than all weights.
    """
    running = np.cumsum(weights, axis=1)
    until = whole[:, None] * running // np.maximum(1, running[:, -1:])
    shares: Ints = np.diff(until, axis=1, prepend=0)
    return shares


def _prices(candles: Candles) -> tuple[Ints, Ints]:
    """The one price of the makers' and of the takers' volume; where there is only one of them, of both."""
    makers = candles.volume - candles.taker_volume
    maker = (candles.quote - candles.taker_quote) // np.maximum(1, makers)
    taker = candles.taker_quote // np.maximum(1, candles.taker_volume)
    none = (candles.volume == 0) * candles.open
    return (
        np.where(makers > 0, maker, np.where(candles.taker_volume > 0, taker, none)),
        np.where(candles.taker_volume > 0, taker, np.where(makers > 0, maker, none)),
    )


def _path(
    candles: Candles, active: Flags, draw: NDArray[np.float64], prices: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    rows, parts = active.shape
    row, number = np.arange(rows), np.arange(parts)
    opened, top, bottom, end = (
        column[:, None] for column in (candles.open, candles.high, candles.low, candles.close)
    )
    # On the way from open to close, up to a quarter of the range aside.
    aside = (draw * 7919 % 1 - 0.5) * (top - bottom) / 2
    way = opened + (end - opened) * (number + 1) / parts
    close = np.clip((way + aside).astype(np.int64), bottom, top)
    last = parts - 1 - np.argmax(active[:, ::-1], axis=1)
    close[row, last] = candles.close
    # What is not traded stays where it was.
    known = np.maximum.accumulate(np.where(active, number, -1), axis=1)
    close = np.where(known < 0, opened, np.take_along_axis(close, np.maximum(known, 0), axis=1))
    begin = np.concatenate([opened, close[:, :-1]], axis=1)
    over = np.maximum(np.maximum(begin, close), prices.max(axis=0)[:, None])
    under = np.minimum(np.minimum(begin, close), prices.min(axis=0)[:, None])
    high = over + ((top - over) * draw**3).astype(np.int64)
    low = under - ((under - bottom) * (1 - draw) ** 3).astype(np.int64)
    high[row, np.argmax(np.where(active, draw, -1), axis=1)] = candles.high
    low[row, np.argmax(np.where(active, 1 - draw, -1), axis=1)] = candles.low
    return begin, np.where(active, high, close), np.where(active, low, close), close

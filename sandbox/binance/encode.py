"""Candles as the API spells them: arrays of twelve, decimals as strings of eight places."""

import numpy as np
from numpy.typing import NDArray

from sandbox.binance.candles import Candles
from sandbox.binance.symbols import UNIT, Symbol
from sandbox.smartpizza.arrays import Ints

Bytes = NDArray[np.uint8]

_DIGITS = np.frombuffer(b"".join(b"%04d" % number for number in range(10_000)), np.uint8).reshape(-1, 4)
# What is left out: zero bytes stand for digits that are not written.
_LEADING = np.frombuffer(
    b"".join((b"%d" % number if number else b"").rjust(4, b"\0") for number in range(10_000)), np.uint8
).reshape(-1, 4)
# First without leading zeros, then, 10,000 further on, with them.
_BOTH = np.concatenate([_LEADING, _DIGITS])


def rows(candles: Candles, closes: Ints, symbol: Symbol, *, microseconds: bool = False) -> bytes:
    """The JSON array of these candles, whose close times are `closes` (milliseconds)."""
    if not candles.size:
        return b"[]"
    _, tick, lot = symbol.steps
    opens = candles.open_at
    if microseconds:
        opens, closes = opens * 1000, closes * 1000 + 999
    columns: list[Bytes | bytes] = [b"[", _integers(opens), b","]
    for prices in (candles.open, candles.high, candles.low, candles.close):
        columns += [b'"', _decimals(prices * tick), b'",']
    columns += [b'"', _decimals(candles.volume * lot), b'",', _integers(closes), b',"']
    columns += [_decimals(candles.quote * symbol.quote_step), b'",', _integers(candles.trades), b',"']
    columns += [_decimals(candles.taker_volume * lot), b'","']
    columns += [_decimals(candles.taker_quote * symbol.quote_step), b'","0"],']
    text = np.empty((candles.size, sum(_width(column) for column in columns)), np.uint8)
    at = 0
    for column in columns:
        width = _width(column)
        text[:, at : at + width] = np.frombuffer(column, np.uint8) if isinstance(column, bytes) else column
        at += width
    return b"[" + text.tobytes().translate(None, b"\0")[:-1] + b"]"


def decimal(value: int) -> str:
    """A whole number of 1e-8 with its eight places; it may be negative."""
    sign = "-" if value < 0 else ""
    return f"{sign}{abs(value) // UNIT}.{abs(value) % UNIT:08d}"


def _width(column: Bytes | bytes) -> int:
    return len(column) if isinstance(column, bytes) else column.shape[1]


def _decimals(values: Ints) -> Bytes:
    whole, fraction = np.divmod(values, UNIT)
    point = np.full((len(values), 1), ord("."), np.uint8)
    high, low = np.divmod(fraction, 10_000)
    return np.concatenate([_integers(whole), point, _DIGITS[high], _DIGITS[low]], axis=1)


def _integers(values: Ints) -> Bytes:
    """Digits of numbers from 0, leading zeros as zero bytes, in as many groups of four as the greatest needs."""
    groups: list[Bytes] = []
    rest = values
    for _ in range((len(str(int(values.max()))) + 3) // 4):
        rest, group = np.divmod(rest, 10_000)
        groups.append(_BOTH[group + 10_000 * (rest > 0)])
    # Zero itself has a digit.
    groups[0][:, 3] |= ord("0")
    return np.concatenate(groups[::-1], axis=1)

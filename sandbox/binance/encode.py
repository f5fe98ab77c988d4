"""Candles as the API spells them: arrays of twelve, decimals as strings of eight places."""

import numpy as np
from numpy.typing import NDArray

from sandbox.binance.candles import Candles
from sandbox.binance.symbols import UNIT, Symbol
from sandbox.smartpizza.arrays import Ints

Bytes = NDArray[np.uint8]

# Four digits each, as one number of 32 bits. What is left out are zero bytes: they stand for digits not written.
_DIGITS = np.frombuffer(b"".join(b"%04d" % number for number in range(10_000)), np.uint32)
_LEADING = np.frombuffer(
    b"".join((b"%d" % number if number else b"").rjust(4, b"\0") for number in range(10_000)), np.uint32
)
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
    opened, high, low, close = _decimals(tick, candles.open, candles.high, candles.low, candles.close)
    volume, taker_volume = _decimals(lot, candles.volume, candles.taker_volume)
    quote, taker_quote = _decimals(symbol.quote_step, candles.quote, candles.taker_quote)
    columns: list[Bytes | bytes] = [
        *(b"[", _integers(opens), b',"', opened, b'","', high, b'","', low, b'","', close, b'","', volume),
        *(b'",', _integers(closes), b',"', quote, b'",', _integers(candles.trades), b',"', taker_volume),
        *(b'","', taker_quote, b'","0"],'),
    ]
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


def _decimals(step: int, *columns: Ints) -> list[Bytes]:
    """Columns of so many steps of 1e-8, done together: few long arrays cost less than many short ones."""
    whole, fraction = np.divmod(np.concatenate(columns) * step, UNIT)
    point = np.full((len(whole), 1), ord("."), np.uint8)
    high, low = np.divmod(fraction, 10_000)
    text = np.concatenate([_integers(whole), point, _four(_DIGITS, high), _four(_DIGITS, low)], axis=1)
    return np.split(text, len(columns))


def _integers(values: Ints) -> Bytes:
    """Digits of numbers from 0, leading zeros as zero bytes, in as many groups of four as the greatest needs."""
    groups: list[Bytes] = []
    rest = values
    for _ in range((len(str(int(values.max()))) + 3) // 4):
        rest, group = np.divmod(rest, 10_000)
        groups.append(_four(_BOTH, group + 10_000 * (rest > 0)))
    # Zero itself has a digit.
    groups[0][:, 3] |= ord("0")
    return np.concatenate(groups[::-1], axis=1)


def _four(table: NDArray[np.uint32], which: Ints) -> Bytes:
    return table[which].view(np.uint8).reshape(-1, 4)

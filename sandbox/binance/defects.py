"""What is odd about the candles that are served, so that a test can compare what it found."""

from typing import Any

import msgspec
import numpy as np

from sandbox.binance import intervals
from sandbox.binance.history import Window
from sandbox.binance.market import Market
from sandbox.smartpizza.arrays import Ints

_ALL = Window(None, None, 10**9)


def defects(market: Market, symbol: str, interval: str, now: int) -> dict[str, Any]:
    """Of all candles of a symbol and interval as they are served at `now`, in milliseconds:

    candles     how many there are
    gaps        {"start", "candles"}: the first missing place of the grid, and how many are missing
    off_grid    open times that are not on the grid
    odd_close   open times of candles whose close time is not the last millisecond before the next one's open
    open        open times of candles that are not closed yet

    Raises RefusedError where the symbol is unknown.
    """
    body, _ = market.klines(symbol, interval, _ALL, now)
    rows = msgspec.json.decode(body)
    opens = np.array([row[0] for row in rows], dtype=np.int64)
    closes = np.array([row[6] for row in rows], dtype=np.int64)
    if not len(opens):
        return {"candles": 0, "gaps": [], "off_grid": [], "odd_close": [], "open": []}
    places = intervals.floor(interval, opens)
    on_grid = opens == places
    regular = np.where(on_grid, intervals.after(interval, opens), opens + intervals.WIDTHS[interval]) - 1
    return {
        "candles": len(opens),
        "gaps": _gaps(interval, places),
        "off_grid": opens[~on_grid].tolist(),
        "odd_close": opens[closes != regular].tolist(),
        "open": opens[closes >= now].tolist(),
    }


def _gaps(interval: str, places: Ints) -> list[dict[str, int]]:
    following = intervals.after(interval, places)
    found = []
    for at in np.flatnonzero(places[1:] > following[:-1]).tolist():
        place, count = following[at : at + 1], 0
        while place[0] < places[at + 1]:
            place, count = intervals.after(interval, place), count + 1
        found.append({"start": int(following[at]), "candles": count})
    return found

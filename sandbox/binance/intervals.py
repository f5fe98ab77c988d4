"""The API's sixteen intervals and the grid that each lays over time. Instants are milliseconds since 1970, UTC.

`zone` is how far a local clock is ahead of UTC: its days, weeks and months are then meant.
"""

import numpy as np

from sandbox.smartpizza.arrays import Ints
from sandbox.smartpizza.times import DAY, HOUR, MINUTE, SECOND

QUARTER = 15 * MINUTE

# A month, 1M, is 31 days here: its longest.
WIDTHS = {
    "1s": SECOND,
    "1m": MINUTE,
    "3m": 3 * MINUTE,
    "5m": 5 * MINUTE,
    "15m": QUARTER,
    "30m": 30 * MINUTE,
    "1h": HOUR,
    "2h": 2 * HOUR,
    "4h": 4 * HOUR,
    "6h": 6 * HOUR,
    "8h": 8 * HOUR,
    "12h": 12 * HOUR,
    "1d": DAY,
    "3d": 3 * DAY,
    "1w": 7 * DAY,
    "1M": 31 * DAY,
}

# Weeks begin on Monday; the epoch was a Thursday.
_MONDAY = 3 * DAY


def floor(interval: str, instants: Ints, zone: int = 0) -> Ints:
    """When the candles of the grid open that hold these instants."""
    local = instants + zone
    if interval == "1M":
        return _from_months(_months(local)) - zone
    shift = _MONDAY if interval == "1w" else 0
    width = WIDTHS[interval]
    opens: Ints = (local + shift) // width * width - shift - zone
    return opens


def after(interval: str, opens: Ints, zone: int = 0) -> Ints:
    """When the next candles of the grid open."""
    if interval == "1M":
        return _from_months(_months(opens + zone) + 1) - zone
    return opens + WIDTHS[interval]


def _months(local: Ints) -> Ints:
    return local.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)


def _from_months(months: Ints) -> Ints:
    return months.astype("datetime64[M]").astype("datetime64[ms]").astype(np.int64)

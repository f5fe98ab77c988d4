"""How much weight somebody else behind the same address has used: a function of the clock alone."""

from itertools import accumulate

from sandbox.binance.config import Neighbour
from sandbox.smartpizza.hashing import Hash
from sandbox.smartpizza.times import MINUTE

_SLICES = 12


def used_by_neighbour(neighbour: Neighbour, limit: int, seed: int, now: int) -> int:
    """Weight used from the beginning of the clock minute until `now` (milliseconds)."""
    minute, passed = divmod(now, MINUTE)
    if neighbour.high == 0:
        return 0
    if neighbour.low == neighbour.high:
        return int(limit * neighbour.low * passed / MINUTE)
    draws = Hash(seed)
    share = neighbour.low + (neighbour.high - neighbour.low) * float(draws.unit("neighbour", minute)[0])
    paces = draws.unit("neighbour's pace", [minute * _SLICES + number for number in range(_SLICES)]).tolist()
    until = [0.0, *accumulate(paces)]
    at, rest = divmod(passed * _SLICES / MINUTE, 1)
    done = until[int(at)] + paces[int(at)] * rest
    return int(limit * share * done / until[-1])

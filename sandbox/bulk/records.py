"""Which orders are bad, and the exact bytes of any order."""

import re
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sandbox.bulk.config import BulkConfig
from sandbox.bulk.orders import render
from sandbox.smartpizza.hashing import Hash

Buffer = bytes | memoryview

_AT_ONCE = 100_000
_IN_A_STRING = {"nul": rb"\u0000", "surrogate": rb"\ud800", "not_utf8": b"\xff\xfe"}


def bad_records(config: BulkConfig) -> dict[int, str]:
    """Indexes of the bad orders and in which way each is bad; the same whether they are `fixed` or not."""
    found: dict[int, str] = {}
    for first in range(0, config.records, _AT_ONCE):
        found |= _bad_between(config, first, min(first + _AT_ONCE, config.records))
    return found


def record_bytes(config: BulkConfig, index: int) -> bytes:
    """Order `index` as it is served."""
    order = render(index, index + 1).tobytes()[:-1]
    kind = None if config.fixed else _bad_between(config, index, index + 1).get(index)
    return order if kind is None else _spoilt(order, kind, config.too_large_bytes)


def page_records(config: BulkConfig, first: int, stop: int) -> list[Buffer]:
    """Orders `first` to `stop` (exclusive) as they are served, separated by commas, in pieces."""
    orders = render(first, stop).reshape(-1)
    width = len(orders) // max(1, stop - first)
    bad = {} if config.fixed else _bad_between(config, first, stop)
    parts: list[Buffer] = []
    taken = 0
    for index, kind in bad.items():
        at = (index - first) * width
        order = orders[at : at + width - 1].tobytes()
        parts += (orders[taken:at].data, _spoilt(order, kind, config.too_large_bytes), b",")
        taken = at + width
    parts.append(orders[taken:].data)
    last = parts.pop()
    if not last:
        return parts[:-1]
    return [*parts, last[:-1]]


def _bad_between(config: BulkConfig, first: int, stop: int) -> dict[int, str]:
    kinds, limits = _limits(config)
    if limits[-1] == 0:
        return {}
    draws = Hash(config.seed).unit("bad record", np.arange(first, stop))
    bad = np.flatnonzero(draws < limits[-1])
    chosen = np.searchsorted(limits, draws[bad], side="right")
    return {first + at: kinds[kind] for at, kind in zip(bad.tolist(), chosen.tolist(), strict=True)}


@cache
def _limits(config: BulkConfig) -> tuple[list[str], NDArray[np.float64]]:
    """Kinds, and below which draw each of them ends."""
    shares = config.bad.by_kind()
    return list(shares), np.cumsum(list(shares.values()))


def _spoilt(order: bytes, kind: str, too_large_bytes: int) -> bytes:
    match kind:
        case "number":
            return re.sub(rb'"total":"[^"]*"', b'"total":1e200000', order, count=1)
        case "too_large":
            note = b',"note":"'
            padding = too_large_bytes + 1 - len(order) - len(note) - 1
            return order[:-1] + note + padding * b"x" + b'"}'
        case "no_key":
            return re.sub(rb'"order_id":"[^"]*",', b"", order, count=1)
        case _:
            return order.replace(b'"customer_id":"', b'"customer_id":"' + _IN_A_STRING[kind], 1)

"""Order ids: UUIDs that lead back to the order's row; version 4 at first, later version 7."""

import numpy as np

from sandbox.smartpizza.arrays import Bits, Instants, Ints
from sandbox.smartpizza.hashing import Hash, Mix48

_V4, _V7 = np.uint64(0x4000), np.uint64(0x7000)
_VARIANT = np.uint64(0x8000_0000_0000_0000)
_LOW_14 = np.uint64(0x3FFF)
_LOW_12 = np.uint64(0xFFF)


class OrderIds:
    """Ids for one seed. Orders placed from `uuid_v7_from` on have time-ordered ids."""

    def __init__(self, draws: Hash, uuid_v7_from: int) -> None:
        self._draws = draws
        self._mix = Mix48(draws, "order:id")
        self._uuid_v7_from = uuid_v7_from

    def high(self, rows: Ints, placed: Instants) -> Bits:
        """The first 64 bits of each id; they sort as the ids' texts do."""
        noise = self._draws.bits("order:id:noise", rows) & _LOW_12
        v4 = self._mix.forward(rows) << np.uint64(16) | _V4 | noise
        v7 = placed.astype(np.uint64) << np.uint64(16) | _V7 | noise
        return np.where(placed >= self._uuid_v7_from, v7, v4)

    def texts(self, rows: Ints, placed: Instants) -> list[str]:
        """The order_id of each row."""
        noise = self._draws.bits("order:id:low", rows) & _LOW_14
        low = _VARIANT | noise << np.uint64(48) | self._mix.forward(rows)
        pairs = zip(self.high(rows, placed).tolist(), low.tolist(), strict=True)
        return [
            f"{a >> 32:08x}-{a >> 16 & 0xFFFF:04x}-{a & 0xFFFF:04x}-{b >> 48:04x}-{b & 0xFFFFFFFFFFFF:012x}"
            for a, b in pairs
        ]

    def row(self, order_id: str) -> int | None:
        """The only row that can have this id, whether or not it does; None for what is not such an id."""
        last = order_id.rpartition("-")[2]
        if len(order_id) != 36 or len(last) != 12:
            return None
        try:
            return self._mix.backward(int(last, 16))
        except ValueError:
            return None

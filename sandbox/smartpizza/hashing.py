"""Randomness without state: every draw is a hash of the seed, a purpose and a row number."""

import hashlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sandbox.smartpizza.arrays import Bits, Flags, Ints

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_HALF = np.uint64(0xFFFFFF)


def splitmix64(values: Bits) -> Bits:
    """The splitmix64 finaliser over an array: a bijection whose bits all depend on every input bit."""
    mixed = values * _STEP
    mixed ^= mixed >> np.uint64(30)
    mixed *= _MIX_A
    mixed ^= mixed >> np.uint64(27)
    mixed *= _MIX_B
    mixed ^= mixed >> np.uint64(31)
    return mixed


class Hash:
    """Draws for one seed. The same seed, purpose and row give the same draw on every machine."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._keys: dict[str, np.uint64] = {}

    def key(self, purpose: str) -> np.uint64:
        """64 bits that tell this purpose's draws from all others."""
        found = self._keys.get(purpose)
        if found is None:
            digest = hashlib.blake2b(f"{self._seed}:{purpose}".encode(), digest_size=8).digest()
            found = self._keys[purpose] = np.uint64(int.from_bytes(digest, "big"))
        return found

    def bits(self, purpose: str, rows: ArrayLike) -> Bits:
        """64 random bits for each row."""
        return splitmix64(np.atleast_1d(np.asarray(rows)).astype(np.uint64) ^ self.key(purpose))

    def unit(self, purpose: str, rows: ArrayLike) -> NDArray[np.float64]:
        """A number in [0, 1) for each row."""
        return (self.bits(purpose, rows) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def below(self, purpose: str, rows: ArrayLike, bound: int) -> Ints:
        """A whole number in [0, bound) for each row; bound at most 2**31."""
        return ((self.bits(purpose, rows) >> np.uint64(32)) * np.uint64(bound) >> np.uint64(32)).astype(
            np.int64
        )

    def between(self, purpose: str, rows: ArrayLike, low: int, high: int) -> Ints:
        """A whole number in [low, high) for each row; high - low at most 2**31."""
        return self.below(purpose, rows, high - low) + low

    def chance(self, purpose: str, rows: ArrayLike, rate: float) -> Flags:
        """True for about `rate` of the rows."""
        chosen: Flags = self.unit(purpose, rows) < rate
        return chosen


class Mix48:
    """A keyed bijection of 48-bit numbers (a Feistel network), so that an id leads back to its row."""

    _ROUNDS = 4

    def __init__(self, draws: Hash, purpose: str) -> None:
        self._keys = [draws.key(f"{purpose}:{number}") for number in range(self._ROUNDS)]

    def forward(self, rows: ArrayLike) -> Bits:
        """The mixed number of each row."""
        values = np.atleast_1d(np.asarray(rows)).astype(np.uint64)
        left, right = values >> np.uint64(24), values & _HALF
        for key in self._keys:
            left, right = right, left ^ (splitmix64(right ^ key) & _HALF)
        return left << np.uint64(24) | right

    def backward(self, mixed: int) -> int:
        """The row whose mixed number this is."""
        values = np.array([mixed], dtype=np.uint64)
        left, right = values >> np.uint64(24), values & _HALF
        for key in reversed(self._keys):
            left, right = right ^ (splitmix64(left ^ key) & _HALF), left
        return int((left << np.uint64(24) | right)[0])

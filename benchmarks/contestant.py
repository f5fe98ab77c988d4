"""A way of loading, and what one run of it cost."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.ground import Ground


class LeftOutError(Exception):
    """Why a contestant cannot take part on this machine."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One run. `seconds` are those of loading, `wall_seconds` with the start of the process as well."""

    seconds: float
    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Contestant:
    """`run` loads `records` orders into a fresh database of the ground and tells what that cost.

    It raises LeftOutError where it cannot take part. `once` runs in the first round only.
    """

    name: str
    records: int
    run: Callable[[Ground, int], Cost]
    delay_ms: float = 0.0
    once: bool = False
    is_peer: bool = False

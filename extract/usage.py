"""Reads from an answer's headers how much of the API's own limit is left, and for how long."""

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from extract.retry import http_date
from extract.source import UsageHeader

_UNIX_TIMES = 1e8
_ALMOST_A_SECOND = 0.999


@dataclass(frozen=True, slots=True)
class Left:
    """`remaining` units are left to everybody for `seconds`."""

    remaining: float
    seconds: float


def api_time(headers: Mapping[str, str]) -> float:
    """The API's time in seconds since 1970: that of the Date header, whose fractions are cut off, else ours."""
    date = http_date(headers.get("date"))
    return (date or datetime.now(UTC)).timestamp()


class ApiClock:
    """Tells the API's time more finely than its Date headers do, from many of them. Threads share it.

    Of all answers, the one that was made just after a full second tells by how much its clock is ahead of ours.
    `rate` is how many of its seconds pass in one of ours, by `monotonic`.
    """

    def __init__(self, rate: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._ahead = -math.inf
        self._guard = threading.Lock()

    def read(self, headers: Mapping[str, str]) -> float:
        """The API's time at an answer that has just come: within the second that its Date header names.

        Never in the next one, however late the answer: what it counts would pass for that of the next minute.
        """
        told, ours = api_time(headers), self._monotonic() * self._rate
        with self._guard:
            self._ahead = max(self._ahead, told - ours)
            return min(ours + self._ahead, told + _ALMOST_A_SECOND)


def left_of(usage: UsageHeader, headers: Mapping[str, str], per_minute: int, clock: float) -> Left | None:
    """What `headers` (by lower-case name) tell at the API's time `clock`; None where they do not."""
    to_the_minute = 60 - clock % 60
    if usage.used is not None:
        used = _number(headers.get(usage.used.lower()))
        limit = usage.limit or per_minute
        return None if used is None else Left(max(0.0, limit - used), to_the_minute)
    remaining = _number(headers.get((usage.remaining or "").lower()))
    if remaining is None:
        return None
    reset = _number(headers.get(usage.reset.lower())) if usage.reset is not None else None
    if reset is None:
        return Left(remaining, to_the_minute)
    return Left(remaining, max(0.0, reset - clock) if reset > _UNIX_TIMES else reset)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None

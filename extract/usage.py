"""Reads from an answer's headers how much of the API's own limit is left, and for how long."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from extract.retry import http_date
from extract.source import UsageHeader

_UNIX_TIMES = 1e8


@dataclass(frozen=True, slots=True)
class Left:
    """`remaining` units are left to everybody for `seconds`."""

    remaining: float
    seconds: float


def left_of(
    usage: UsageHeader, headers: Mapping[str, str], per_minute: int, now: datetime | None = None
) -> Left | None:
    """What `headers` (by lower-case name) tell; None where they do not.

    The API's clock is the Date header's; where that is missing, it is `now`, or ours.
    """
    clock = http_date(headers.get("date")) or now or datetime.now(UTC)
    to_the_minute = 60 - clock.timestamp() % 60
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
    return Left(remaining, max(0.0, reset - clock.timestamp()) if reset > _UNIX_TIMES else reset)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None

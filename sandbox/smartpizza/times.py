"""Instants as whole milliseconds since 1970 (UTC), the only form of time inside the simulation."""

import datetime as dt
import re
from typing import Any

import numpy as np

from sandbox.smartpizza.arrays import Ints

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# Later than any simulated instant, yet small enough that adding days to it cannot overflow.
NEVER = np.iinfo(np.int64).max // 4

START = int(dt.datetime(2026, 3, 16, tzinfo=dt.UTC).timestamp()) * SECOND
START_DATE = dt.date(2026, 3, 16)

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE)


def real_now() -> int:
    """The instant by this machine's clock."""
    return (dt.datetime.now(dt.UTC) - _EPOCH) // dt.timedelta(milliseconds=1)


def parse_instant(text: str) -> int:
    """Milliseconds of an RFC 3339 time with a zone; finer digits are cut. Raises ValueError."""
    if not _RFC3339.fullmatch(text):
        raise ValueError(f"{text!r} is not a time: give RFC 3339 with a zone, such as 2026-03-16T00:00:00Z")
    try:
        moment = dt.datetime.fromisoformat(text.upper())
        return (moment - _EPOCH) // dt.timedelta(milliseconds=1)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a time: {error}") from None


def format_instant(instant: int) -> str:
    """RFC 3339 in UTC with milliseconds: 2026-03-16T00:00:00.000Z."""
    moment = _EPOCH + dt.timedelta(milliseconds=int(instant))
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def format_instants(instants: Ints) -> list[Any]:
    """RFC 3339 texts of an array, in (nested) lists of its shape; NEVER gives a text nobody may show."""
    shown = np.where(instants >= NEVER // 2, 0, instants)
    texts: list[Any] = np.char.add(np.datetime_as_string(shown.astype("datetime64[ms]")), "Z").tolist()
    return texts


def business_date(day: int) -> str:
    """ISO date of the simulation's day number; day 0 is 2026-03-16."""
    return (START_DATE + dt.timedelta(days=int(day))).isoformat()

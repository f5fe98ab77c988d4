"""Arithmetic on cursor values: kept as text, compared as what they mean, never as text."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import cast

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_NUMBER = re.compile(r"-?[0-9]{1,19}(\.[0-9]{1,19})?")


class CursorFormat(StrEnum):
    """How a cursor value is spelt: a time, or an id that only grows."""

    RFC3339 = "rfc3339"
    EPOCH_SECONDS = "epoch_seconds"
    EPOCH_MILLISECONDS = "epoch_milliseconds"
    ID = "id"


# The smallest step of each format.
UNITS = {
    CursorFormat.RFC3339: _MICROSECOND,
    CursorFormat.EPOCH_SECONDS: timedelta(seconds=1),
    CursorFormat.EPOCH_MILLISECONDS: timedelta(milliseconds=1),
}


def parse_time(value: str) -> datetime:
    """`value` as an aware UTC time. Raises ValueError where it is no RFC 3339 time with a zone."""
    parsed = datetime.fromisoformat(value)
    if parsed.tzinfo is None:
        raise ValueError(f"no time zone in {value!r}")
    try:
        return parsed.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"not within the years 1 to 9999 in UTC: {value!r}") from None


def format_time(value: datetime) -> str:
    """`value` as RFC 3339 text in UTC, with as many decimals as it has (at least milliseconds)."""
    utc = value.astimezone(UTC)
    precision = "microseconds" if utc.microsecond % 1000 else "milliseconds"
    return utc.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def read_time(value: str | int | float, form: CursorFormat) -> datetime:
    """`value` as an aware UTC time: a number as `form` counts, a text as RFC 3339 or as such a number.

    Raises ValueError where it is neither.
    """
    text = str(value)
    if form not in (CursorFormat.EPOCH_SECONDS, CursorFormat.EPOCH_MILLISECONDS) or not _NUMBER.fullmatch(
        text
    ):
        return parse_time(text)
    try:
        return _EPOCH + timedelta(microseconds=int(Decimal(text) * (UNITS[form] // _MICROSECOND)))
    except OverflowError:
        raise ValueError(f"no time: {value}") from None


def write_time(value: datetime, form: CursorFormat) -> str:
    """`value` as `form` spells it, what is finer than its unit cut off."""
    if form is CursorFormat.RFC3339:
        return format_time(value)
    return str((value - _EPOCH) // UNITS[form])


def minus_minutes(value: str, minutes: int, form: CursorFormat = CursorFormat.RFC3339) -> str:
    """The time `minutes` before `value`, as `form` spells it; an id as it is."""
    if form is CursorFormat.ID:
        return value
    return write_time(read_time(value, form) - timedelta(minutes=minutes), form)


def greatest(values: Iterable[str | None], form: CursorFormat = CursorFormat.RFC3339) -> str | None:
    """The latest of `values`, as it was spelt; None and what is not spelt as `form` says are left out."""
    texts = cast(list[str], list(values))
    try:
        latest = max(texts, default=None)
    except TypeError:  # None among them, which is rare enough to look for it only then
        return greatest([text for text in texts if text is not None], form)
    if latest is None:
        return None
    if form is not CursorFormat.RFC3339:
        return max(filter(_INTEGER.fullmatch, texts), key=int, default=None)
    # Spelt alike, as an API does within a page, times sort as text; parsing each costs ten times as much.
    if latest.endswith("Z") and is_time(latest) and set(map(len, texts)) == {len(latest)}:
        return latest
    return max(filter(is_time, texts), key=parse_time, default=None)


def is_time(text: str) -> bool:
    """Whether `text` is a time that `parse_time` reads."""
    try:
        parse_time(text)
    except ValueError:
        return False
    return True

"""Arithmetic on cursor values: times as RFC 3339 text, always compared as times, never as text."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta


def parse_time(value: str) -> datetime:
    """`value` as an aware UTC time. Raises ValueError where it is no RFC 3339 time with a zone."""
    parsed = datetime.fromisoformat(value)
    if parsed.tzinfo is None:
        raise ValueError(f"no time zone in {value!r}")
    return parsed.astimezone(UTC)


def format_time(value: datetime) -> str:
    """`value` as RFC 3339 text in UTC, with as many decimals as it has (at least milliseconds)."""
    utc = value.astimezone(UTC)
    precision = "microseconds" if utc.microsecond % 1000 else "milliseconds"
    return utc.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def minus_minutes(value: str, minutes: int) -> str:
    """The time `minutes` before `value`."""
    return format_time(parse_time(value) - timedelta(minutes=minutes))


def greatest(values: Iterable[str | None]) -> str | None:
    """The latest of `values`, as it was spelt; None and what is no time are left out."""
    texts = [value for value in values if value is not None]
    if not texts:
        return None
    # Spelt alike, as an API does within a page, times sort as text; parsing each costs ten times as much.
    latest = max(texts)
    if latest.endswith("Z") and is_time(latest) and {len(text) for text in texts} == {len(latest)}:
        return latest
    return max(filter(is_time, texts), key=parse_time, default=None)


def is_time(text: str) -> bool:
    """Whether `text` is a time that `parse_time` reads."""
    try:
        parse_time(text)
    except ValueError:
        return False
    return True

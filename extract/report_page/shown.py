"""How figures, times and spans are spelt on the page."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

Number = int | float | Decimal
Spelling = Callable[[Number], str]


def count(value: Number) -> str:
    """1,234"""
    return f"{value:,.0f}"


def percent(value: Number) -> str:
    """98.4 % of a share from 0 to 1; never 100 % of what is less, nor 0 % of what is more."""
    told = f"{value * 100:.1f}"
    if told == "100.0" and value < 1:
        told = "99.9"
    if told == "0.0" and value > 0:
        return "< 0.1 %"
    return f"{told.removesuffix('.0')} %"


def seconds(value: Number) -> str:
    """A span in the unit that fits it."""
    for name, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if abs(float(value)) >= 2 * size:
            return f"{float(value) / size:.0f} {name}"
    return f"{value:.1f} s" if abs(float(value)) < 10 else f"{value:.0f} s"


def size(value: Number) -> str:
    """Bytes in powers of a thousand."""
    for name, unit in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= unit:
            return f"{float(value) / unit:.1f} {name}"
    return f"{value:.0f} B"


def amount(value: Number) -> str:
    """Money, as exact as it has to be to be seen."""
    return f"{value:,.2f}" if value == 0 or abs(float(value)) >= 1 else f"{value:.4f}"


def number(value: Number) -> str:
    """Four digits that say something."""
    return f"{float(value):,.0f}" if abs(float(value)) >= 1000 else f"{float(value):.4g}"


def moment(value: datetime | None) -> str:
    """A time in UTC, to the minute."""
    return "-" if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def day(value: date) -> str:
    return value.isoformat()


def ago(value: datetime | None, made_at: datetime) -> str:
    """How long before the page was made."""
    return "never" if value is None else f"{seconds((made_at - value) / timedelta(seconds=1))} ago"

"""Types for the settings of sources: each refuses a value that makes no sense, in words for people."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel

from extract.cursor import format_time

Model = TypeVar("Model", bound=BaseModel)


def read_moment(text: str) -> datetime:
    """A date (its midnight in UTC) or an RFC 3339 time, as an aware UTC time. Raises ValueError for other text."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or (parsed.tzinfo is None and len(text) > len("2026-03-01")):
        raise ValueError(
            f"{text!r} is neither a date such as 2026-03-01 (midnight in UTC) nor a time with a zone such as "
            "2026-03-01T12:00:00Z"
        )
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def assert_past(moment: datetime) -> datetime:
    """`moment`. Raises ValueError where it is yet to come."""
    now = datetime.now(UTC)
    if moment > now:
        raise ValueError(f"{format_time(moment)} lies in the future: it is {format_time(now)}")
    return moment


def one_of(valid: Collection[str], hint: str) -> AfterValidator:
    """A validator of texts: one of `valid`, case and all; `hint` follows the list in the error."""

    def check(value: str) -> str:
        if value not in valid:
            raise ValueError(f"{value!r} is none of {', '.join(valid)} ({hint})")
        return value

    return AfterValidator(check)


def needed_with(settings: Model, needed: str, wherever: str) -> Model:
    """`settings`. Raises ValueError where `wherever` is set and `needed` is not."""
    if getattr(settings, wherever) and getattr(settings, needed) is None:
        raise ValueError(f"{wherever} needs {needed} as well")
    return settings


def _span(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]* (minute|hour|day|week)s?", text):
        raise ValueError(f"{text!r} is no span such as 15 minutes, 1 hour, 4 hours or 1 day")
    return text


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not name or any(character.isspace() for character in name):
            raise ValueError(f"{name!r} is no name: one has no blanks in it")
        if names.count(name) > 1:
            raise ValueError(f"{name!r} is named twice")
    return names


# A date or a time that lies in the past; kept as RFC 3339 in UTC.
PastTime = Annotated[str, AfterValidator(lambda text: format_time(assert_past(read_moment(text))))]
# A whole number of minutes, hours, days or weeks, as Postgres reads it too.
Span = Annotated[str, AfterValidator(_span)]
# Names without blanks, each once.
Names = Annotated[tuple[str, ...], AfterValidator(_distinct)]

"""When and how long to wait before a request is made again."""

import random
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from extract.errors import ExtractError
from extract.settings import HttpSettings

T = TypeVar("T")


class RetryableError(Exception):
    """Raised by an attempt that may succeed later. `error` is what to raise when it does not.

    `is_ban` says that nobody may call before `wait_at_least` seconds have passed.
    """

    def __init__(
        self, error: ExtractError, wait_at_least: float | None = None, *, is_ban: bool = False
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait_at_least = wait_at_least
        self.is_ban = is_ban


def retry_after(value: str | None, date: str | None, now: datetime | None = None) -> float | None:
    """Seconds to wait according to a Retry-After header, given in seconds or as an HTTP date.

    A date is compared with the answer's own Date header where there is one, since our clock may be off. None
    where the header is missing or makes no sense.
    """
    if value is None:
        return None
    text = value.strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return float(text)
    until = http_date(text)
    if until is None:
        return None
    reference = http_date(date) or now or datetime.now(UTC)
    return max(0.0, (until - reference).total_seconds())


def http_date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        parsed = parsedate_to_datetime(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def with_retries(
    attempt: Callable[[], T],
    settings: HttpSettings,
    on_retry: Callable[[ExtractError, float], None],
    sleep: Callable[[float], None],
    excused: Callable[[], float] = lambda: 0.0,
) -> T:
    """What `attempt` returns, called again while it raises RetryableError, within the settings' limits.

    Waits grow exponentially with jitter; a wait the server asked for is never cut short: where it does not
    fit into the time left, the error is raised at once. `on_retry` hears of each wait in seconds, `sleep`
    does it, and `excused` gives seconds spent that do not count, since they were waited for our own budget.
    """
    started = time.monotonic()
    for number in range(1, settings.attempts + 1):
        try:
            return attempt()
        except RetryableError as again:
            wait = _wait(number, again.wait_at_least, settings)
            spent = time.monotonic() - started - excused()
            if number == settings.attempts:
                raise type(again.error)(f"{again.error} (gave up after {number} attempts)") from again
            if spent + wait > settings.retry_seconds:
                raise type(again.error)(
                    f"{again.error} (gave up: waiting {wait:.0f} s more exceeds http.retry_seconds = "
                    f"{settings.retry_seconds:g})"
                ) from again
            on_retry(again.error, wait)
            sleep(wait)
    raise AssertionError("http.attempts is at least 1")


def _wait(number: int, at_least: float | None, settings: HttpSettings) -> float:
    jitter = random.uniform(0.5, 1.0)  # noqa: S311 - spreads clients, guards nothing
    if at_least is not None:
        return at_least + jitter * settings.backoff_seconds
    return min(settings.backoff_max_seconds, settings.backoff_seconds * 2.0 ** (number - 1)) * jitter

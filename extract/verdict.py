"""What an answer's status means: go on, try again, or give up."""

from collections.abc import Callable, Container
from datetime import UTC, datetime, timedelta

import httpx

from extract.cursor import format_time
from extract.errors import (
    BadAnswerError,
    ConfigurationError,
    PageTokenExpiredError,
    RefusedError,
    StreamUnreachableError,
)
from extract.refusal import ban_of, reason_of
from extract.retry import RetryableError, retry_after

REFUSED = frozenset({401, 403})
BANNED = frozenset({418, 429})
_BUSY = BANNED | {500, 502, 503, 504}
_IM_A_TEAPOT = 418  # how some APIs answer an address that they have banned


class UnauthorizedError(ConfigurationError):
    """The API answered 401: the credential is unknown, or no longer valid."""


def judge(
    response: httpx.Response, body: Callable[[], bytes], told: str, *, needs: str, refused: Container[int]
) -> None:
    """Returns for 200, raises for any other status an error whose words begin with `told`.

    `body` unpacks the body; it is called only where its text matters, since that of an error may be anything.

    UnauthorizedError for 401 and ConfigurationError for other `refused` statuses, naming what the source
    `needs`; RetryableError for what passes: a busy API, and a firewall that answers 403 in HTML;
    PageTokenExpiredError for 410; else BadAnswerError, a RefusedError where the body says why.
    """
    status = response.status_code
    if status == httpx.codes.OK:
        return
    is_firewall = status == httpx.codes.FORBIDDEN and _is_html(response, body)
    if status in _BUSY or is_firewall:
        words = "a firewall before the API answered 403" if is_firewall else f"the API answered {status}"
        wait = asked_wait(response)
        if is_ban := status == _IM_A_TEAPOT and wait is None:
            wait = ban_of(body(), response.headers)
        if wait is not None:
            words += f", not to be asked before {moment_in(wait)}"
        raise RetryableError(StreamUnreachableError(f"{told}: {words}"), wait, is_ban=is_ban)
    if status in refused:
        kind = UnauthorizedError if status == httpx.codes.UNAUTHORIZED else ConfigurationError
        raise kind(f"{told}: the API refused the credential ({status}): {needs}")
    if status == httpx.codes.GONE:
        raise PageTokenExpiredError(f"{told}: the page token has expired (410)")
    if response.request.method != "GET":  # a form is sent for a token, which the answer may hold
        raise BadAnswerError(f"{told}: the API answered {status}, not 200; is the URL right?")
    reason = reason_of(body())
    if reason is not None:
        raise RefusedError(f"{told}: the API refused the request ({status}): {reason}")
    excerpt = body()[:120].decode("utf-8", "replace")
    raise BadAnswerError(f"{told}: the API answered {status}: {excerpt!r}; is base_url right?")


def asked_wait(response: httpx.Response) -> float | None:
    """Seconds the answer asks to wait; None where it does not say."""
    return retry_after(response.headers.get("retry-after"), response.headers.get("date"))


def moment_in(seconds: float) -> str:
    """The time in so many seconds, rounded up to a whole one, by our clock."""
    return format_time((datetime.now(UTC) + timedelta(seconds=min(seconds, 1e9) + 1)).replace(microsecond=0))


def _is_html(response: httpx.Response, body: Callable[[], bytes]) -> bool:
    return "html" in response.headers.get("content-type", "").lower() or body().lstrip()[:1] == b"<"

"""Posts to the webhook, whose address is a secret: it is in no message."""

from typing import Any
from urllib.parse import urlsplit

import httpx

from extract.credentials import given
from extract.errors import ConfigurationError, UnreachableError

VARIABLE = "ALERT_WEBHOOK_URL"

_SECONDS = 10
_LATER = (408, 425, 429)


def webhook_url() -> str:
    """The address by ALERT_WEBHOOK_URL or ALERT_WEBHOOK_URL_FILE. Raises ConfigurationError where there is none."""
    value, origin = given(VARIABLE)
    parts = urlsplit((value or "").strip())
    if origin is None or not value:
        raise ConfigurationError(f"set {VARIABLE} or {VARIABLE}_FILE, or give --dry-run")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(f"{origin} is unusable: it must hold an http or https URL")
    return value.strip()


def post(url: str, body: dict[str, Any]) -> None:
    """Raises UnreachableError where trying again may help, and ConfigurationError where it does not."""
    try:
        answer = httpx.post(url, json=body, timeout=_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UnreachableError(f"the alert's webhook could not be reached ({type(error).__name__})") from None
    if answer.status_code >= 500 or answer.status_code in _LATER:
        raise UnreachableError(f"the alert's webhook answered {answer.status_code}")
    if not answer.is_success:
        raise ConfigurationError(f"the alert's webhook refused with {answer.status_code}: check {VARIABLE}")

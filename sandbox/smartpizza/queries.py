"""Reading query parameters: every mistake is a 400 that names the parameter and what would be valid."""

import datetime as dt
from collections.abc import Collection

from starlette.requests import Request

from sandbox.smartpizza.problems import bad_request
from sandbox.smartpizza.times import START_DATE, parse_instant

DEFAULT_PAGE_SIZE = 100
LARGEST_PAGE = 1_000


class Query:
    """The parameters of one request. Raises ProblemError (400) for unknown and for repeated ones."""

    def __init__(self, request: Request, allowed: Collection[str]) -> None:
        names = [name for name, _ in request.query_params.multi_items()]
        for name in names:
            if name not in allowed:
                known = ", ".join(sorted(allowed)) or "none"
                raise bad_request(f"unknown parameter {name!r}: this path takes {known}")
            if names.count(name) > 1:
                raise bad_request(f"{name} is given more than once: give it once")
        self._values = dict(request.query_params)
        self._path = request.url.path

    @property
    def bound(self) -> str:
        """The path and all that chooses records, for a page token to be bound to."""
        chosen = sorted(item for item in self._values.items() if item[0] not in ("page_token", "page_size"))
        return f"{self._path}?{chosen}"

    def text(self, name: str) -> str | None:
        """The parameter as sent, or None."""
        return self._values.get(name)

    def instant(self, name: str) -> int | None:
        """An RFC 3339 time in milliseconds, or None."""
        text = self._values.get(name)
        if text is None:
            return None
        try:
            return parse_instant(text)
        except ValueError as error:
            raise bad_request(f"{name}: {error}") from None

    def day(self, name: str) -> int | None:
        """An ISO date as a day number, or None; 0 is the first simulated day."""
        text = self._values.get(name)
        if text is None:
            return None
        try:
            return (dt.date.fromisoformat(text) - START_DATE).days
        except ValueError:
            raise bad_request(f"{name}: {text!r} is not a date: give one such as 2026-03-16") from None

    def choice(self, name: str, values: Collection[str]) -> str | None:
        """One of the values, or None."""
        text = self._values.get(name)
        if text is not None and text not in values:
            raise bad_request(f"{name}: {text!r} is not known: give one of {', '.join(values)}")
        return text

    def number(self, name: str, low: int, high: int) -> int | None:
        """A whole number within the bounds, or None."""
        text = self._values.get(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and low <= int(text[:12]) <= high):
            raise bad_request(f"{name}: {text!r} is not valid: give a whole number from {low} to {high}")
        return int(text)

    def page_size(self) -> int:
        """How many records a page may have."""
        return self.number("page_size", 1, LARGEST_PAGE) or DEFAULT_PAGE_SIZE

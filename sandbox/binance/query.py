"""The parameters of a request, checked as the API checks them."""

import re
from collections.abc import Collection
from typing import Literal

from sandbox.binance import refusals
from sandbox.binance.history import Window
from sandbox.binance.intervals import WIDTHS
from sandbox.binance.refusals import RefusedError
from sandbox.smartpizza.times import HOUR, MINUTE

_SYMBOL = "^[A-Z0-9-_.]{1,20}$"
_SYMBOLS = '^\\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\\]$'
_NUMBER = "^[0-9]{1,20}$"
_ZONE = re.compile(r"([+-]?)(\d{1,2})(?::(\d\d))?")
_MAX_LIMIT = 1_000
# Of a time, in milliseconds until the year 5138; more digits are microseconds.
_MILLISECONDS_DIGITS = 14


class Query:
    """The parameters of one request. Each method raises RefusedError for what the API does not take."""

    def __init__(self, pairs: list[tuple[str, str]], known: Collection[str]) -> None:
        self._values = dict(pairs)
        if len(self._values) < len(pairs):
            raise RefusedError(-1101, "Duplicate values for a parameter detected.")
        if len(pairs) > len(known):
            message = f"Too many parameters; expected '{len(known)}' and received '{len(pairs)}'."
            raise RefusedError(-1101, message)
        read = len(self._values.keys() & set(known))
        if read < len(pairs):
            message = (
                f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{len(pairs)}'."
            )
            raise RefusedError(-1104, message)
        for name, value in pairs:
            if not value:
                raise refusals.empty(name)

    def text(self, name: str) -> str | None:
        return self._values.get(name)

    def mandatory(self, name: str) -> str:
        value = self._values.get(name)
        if value is None:
            raise refusals.missing(name)
        return value

    def symbol(self) -> str:
        """A symbol that is spelt like one."""
        value = self.mandatory("symbol")
        if not re.fullmatch(_SYMBOL, value):
            raise refusals.illegal("symbol", _SYMBOL)
        return value

    def symbols(self) -> list[str] | None:
        """The names that `symbol` or `symbols` gives, None where neither is sent."""
        if "symbols" not in self._values:
            return [self.symbol()] if "symbol" in self._values else None
        if "symbol" in self._values:
            raise RefusedError(*refusals.BAD_COMBINATION)
        value = self._values["symbols"]
        if not re.fullmatch(_SYMBOLS, value):
            raise refusals.illegal("symbols", _SYMBOLS)
        names = re.findall('"([^"]+)"', value)
        if not names:
            raise refusals.empty("symbols")
        if len(set(names)) < len(names):
            raise RefusedError(*refusals.DUPLICATE_SYMBOLS)
        return names

    def number(self, name: str) -> int | None:
        value = self._values.get(name)
        if value is None:
            return None
        if not re.fullmatch(_NUMBER, value):
            raise refusals.illegal(name, _NUMBER)
        return int(value)

    def instant(self, name: str) -> int | None:
        """Milliseconds, also of a time in microseconds."""
        value = self.number(name)
        return value // 1_000 if value is not None and len(str(value)) > _MILLISECONDS_DIGITS else value

    def window(self, over_limit: Literal["strict", "clamp"]) -> Window:
        """startTime, endTime and limit."""
        limit = self.number("limit")
        if limit is not None and (limit == 0 or (limit > _MAX_LIMIT and over_limit == "strict")):
            raise refusals.invalid("limit")
        size = min(_MAX_LIMIT, 500 if limit is None else limit)
        return Window(self.instant("startTime"), self.instant("endTime"), size)

    def interval(self) -> str:
        value = self.mandatory("interval")
        if value not in WIDTHS:
            raise RefusedError(*refusals.BAD_INTERVAL)
        return value

    def zone(self) -> int:
        """timeZone in milliseconds ahead of UTC."""
        value = self._values.get("timeZone", "0")
        found = _ZONE.fullmatch(value)
        if not found or int(found[3] or 0) > 59:
            raise refusals.invalid("timeZone")
        ahead = int(found[2]) * HOUR + int(found[3] or 0) * MINUTE
        ahead = -ahead if found[1] == "-" else ahead
        if not -12 * HOUR <= ahead <= 14 * HOUR:
            raise refusals.invalid("timeZone")
        return ahead

    def flag(self, name: str, default: bool) -> bool:
        value = self._values.get(name, str(default).lower())
        if value not in ("true", "false"):
            raise refusals.invalid(name)
        return value == "true"

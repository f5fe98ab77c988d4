"""Used weight, 429 and 418, for each address, by the server's clock."""

import threading
from dataclasses import dataclass, field
from typing import NamedTuple

from sandbox.binance.config import BinanceConfig
from sandbox.binance.neighbour import used_by_neighbour
from sandbox.smartpizza.times import DAY, MINUTE, SECOND

_LONGEST_BAN = 3 * DAY
_MINUTES_OF_REQUESTS = 5


class Verdict(NamedTuple):
    """What becomes of a request: 200 (it is answered), 429 or 418; the weight used in this minute by everybody.

    `retry_from` (milliseconds of the server's clock) is when the limit or the ban ends.
    """

    status: int
    used: int
    retry_from: int = 0
    by_weight: bool = True


@dataclass
class _Address:
    weights: dict[int, int] = field(default_factory=dict)
    requests: dict[int, int] = field(default_factory=dict)
    refused_in_a_row: int = 0
    bans: int = 0
    banned_at: int = 0
    banned_until: int = 0


class Meter:
    """Counts and judges. Thread-safe; instants are milliseconds of the server's clock."""

    def __init__(self, config: BinanceConfig) -> None:
        self.config = config
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forgets everything, bans too."""
        with self._lock:
            self._addresses: dict[str, _Address] = {}
            self._refused = {429: 0, 418: 0}
            self._calls_in_ban: list[dict[str, int | str]] = []

    def judge(self, address: str, weight: int, now: int) -> Verdict:
        """Counts a request of `weight` and says what becomes of it. Refused ones count too."""
        limits = self.config.limits
        with self._lock:
            caller = self._addresses.setdefault(address, _Address())
            minute = now // MINUTE
            if now < caller.banned_until:
                self._refused[418] += 1
                self._calls_in_ban.append(
                    {"address": address, "at": now, "since": caller.banned_at, "until": caller.banned_until}
                )
                return Verdict(418, self._used(caller, now), caller.banned_until)
            caller.weights[minute] = caller.weights.get(minute, 0) + weight
            caller.requests[minute] = caller.requests.get(minute, 0) + 1
            used = self._used(caller, now)
            first = minute - minute % _MINUTES_OF_REQUESTS
            requests = sum(caller.requests.get(number, 0) for number in range(first, minute + 1))
            by_weight = used > limits.weight_per_minute
            if not by_weight and requests <= limits.requests_per_5_minutes:
                caller.refused_in_a_row = 0
                return Verdict(200, used)
            caller.refused_in_a_row += 1
            if caller.refused_in_a_row > limits.ban_after:
                self._refused[418] += 1
                seconds = limits.ban_seconds * 2**caller.bans
                self._ban(caller, now, min(_LONGEST_BAN, int(seconds * SECOND)))
                return Verdict(418, used, caller.banned_until)
            self._refused[429] += 1
            following = minute + 1 if by_weight else first + _MINUTES_OF_REQUESTS
            return Verdict(429, used, following * MINUTE, by_weight)

    def ban(self, address: str, seconds: float, now: int) -> int:
        """Bans an address at once; returns until when."""
        with self._lock:
            caller = self._addresses.setdefault(address, _Address())
            self._ban(caller, now, int(seconds * SECOND))
            return caller.banned_until

    def report(self) -> dict[str, object]:
        """See RunningBinance.limits."""
        limit, seed = self.config.limits.weight_per_minute, self.config.seed
        with self._lock:
            minutes = [
                {
                    "at": minute * MINUTE,
                    "address": address,
                    "weight": weight,
                    "requests": caller.requests[minute],
                    "neighbour": used_by_neighbour(
                        self.config.neighbour, limit, seed, minute * MINUTE + MINUTE - 1
                    ),
                }
                for address, caller in self._addresses.items()
                for minute, weight in sorted(caller.weights.items())
            ]
            return {
                "minutes": minutes,
                "too_many": self._refused[429],
                "banned": self._refused[418],
                "calls_in_ban": list(self._calls_in_ban),
            }

    def _used(self, caller: _Address, now: int) -> int:
        limit, seed = self.config.limits.weight_per_minute, self.config.seed
        return caller.weights.get(now // MINUTE, 0) + used_by_neighbour(
            self.config.neighbour, limit, seed, now
        )

    def _ban(self, caller: _Address, now: int, length: int) -> None:
        caller.bans += 1
        caller.refused_in_a_row = 0
        caller.banned_at, caller.banned_until = now, now + length

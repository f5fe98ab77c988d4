"""A neighbour behind the same address: all that it leaves is used, and next to nothing is refused.

The API's clock is fast, so that a few of its minutes pass in seconds.
"""

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import Any

import httpx
import pytest
from psycopg_pool import ConnectionPool

from extract.budget import SharedBudget
from extract.rest import RestClient
from extract.settings import HttpSettings
from extract.source import UsageHeader
from tests.extract.fake_api import answer

LIMIT, COST, RATE, MINUTES = 1_200, 4, 10, 3
Share = Callable[[float], float]


def changing(moment: float) -> float:
    """What the neighbour has used, as a share of the limit, since the minute began: 0 to 70 % a minute, in bursts."""
    minute, passed = divmod(moment, 60)
    share = (0.7, 0.0, 0.5, 0.3)[int(minute) % 4]
    return share * (passed / 60 + math.sin(passed / 60 * 6 * math.pi) / (6 * math.pi))


def steady(moment: float) -> float:
    return 0.7 * (moment % 60) / 60


class Limited(httpx.BaseTransport):
    """Counts weight in its own clock minutes, the neighbour's too, and refuses what is beyond the limit."""

    def __init__(self, share: Share) -> None:
        self.begun = time.monotonic()
        self.ours: dict[int, int] = {}
        self.refused = 0
        self._share = share
        self._guard = threading.Lock()

    @property
    def now(self) -> float:
        """Seconds of the API's clock, from a full minute on."""
        return (time.monotonic() - self.begun) * RATE

    def handle_request(self, _: httpx.Request) -> httpx.Response:
        """Counted when it comes, dated when it is answered, which may be in the next minute."""
        with self._guard:
            now = self.now
            minute = int(now // 60)
            used = self.ours.get(minute, 0) + COST + int(LIMIT * self._share(now))
            is_refused = used > LIMIT
            self.refused += is_refused
            self.ours[minute] = self.ours.get(minute, 0) + COST * (not is_refused)
        time.sleep(0.01)
        told = {"date": formatdate(self.now // 1, usegmt=True), "x_mbx_used_weight_1m": str(used)}
        if is_refused:
            wait = f"{(60 - now % 60) / RATE:.3f}"
            return answer(b"{}", status=429, retry_after=wait, **told)
        return answer(b"[]", **told)


@pytest.mark.parametrize("share", [changing, steady])
def test_a_neighbour_gets_us_refused_or_has_the_limit_to_itself(share: Share, pool: ConnectionPool) -> None:
    api = Limited(share)
    budget: dict[str, Any] = {"per_minute": LIMIT, "burst": 24, "minute_seconds": 60 / RATE}
    shared = SharedBudget(pool, "address", usage=UsageHeader(used="X-MBX-USED-WEIGHT-1M"), **budget)
    http = HttpSettings(attempts=5, backoff_seconds=0)

    def work(rest: RestClient) -> None:
        while api.now < 60 * MINUTES:
            rest.get("/", {}, lambda answer: answer.body, COST)

    rest = RestClient("smartpizza", "http://api.test", http, transport=api, budget=shared)
    with rest, ThreadPoolExecutor(2) as threads:
        list(threads.map(work, [rest] * 2))
    left = sum(LIMIT * (1 - share(60 * minute + 59.99)) for minute in range(MINUTES))
    used = sum(api.ours.get(minute, 0) for minute in range(MINUTES))
    # More than 0.9 on a machine that is free; one that is busy lets moments pass that do not come again.
    assert used >= 0.75 * left, f"{used} of {left:.0f}"
    assert api.refused <= 4

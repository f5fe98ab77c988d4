"""Used weight, 429, 418 and who else uses the address, by a clock that stands until it is moved."""

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.binance import BinanceConfig, Limits, Neighbour, RunningBinance, served
from sandbox.binance.limits import Meter
from sandbox.binance.neighbour import used_by_neighbour
from sandbox.smartpizza.times import DAY, MINUTE
from tests.sandbox.binance_rows import at, moment

NOW = at("2026-03-30T00:00")
FEW = Limits(weight_per_minute=100, ban_after=3, ban_seconds=120)


@pytest.fixture
def api() -> Iterator[RunningBinance]:
    with served(BinanceConfig(limits=FEW, now=moment("2026-03-30T00:00:30"))) as api:
        yield api


@pytest.fixture
def client(api: RunningBinance) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=api.url, trust_env=False) as client:
        yield client


def test_the_limit_lets_more_through_or_does_not_end_with_the_minute(
    api: RunningBinance, client: httpx.Client
) -> None:
    assert [client.get("/api/v3/exchangeInfo").status_code for _ in range(5)] == [200] * 5
    refused = client.get("/api/v3/ping")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
    assert refused.json() == {
        "code": -1003,
        "msg": "Too much request weight used; current limit is 100 request weight per 1 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API.",
    }
    assert int(refused.headers["X-MBX-USED-WEIGHT-1M"]) > 100
    api.advance(seconds=29.9)
    assert client.get("/api/v3/ping").status_code == 429
    api.advance(seconds=0.1)
    again = client.get("/api/v3/ping")
    assert (again.status_code, again.headers["X-MBX-USED-WEIGHT-1M"]) == (200, "1")
    told = api.limits()
    assert [(minute["at"] - NOW, minute["weight"], minute["requests"]) for minute in told["minutes"]] == [
        (0, 102, 7),
        (MINUTE, 1, 1),
    ]
    assert (told["too_many"], told["banned"], told["calls_in_ban"]) == (2, 0, [])


def test_who_goes_on_after_refusals_is_not_banned_or_for_ever(
    api: RunningBinance, client: httpx.Client
) -> None:
    api.reset()
    statuses = [client.get("/api/v3/ticker/24hr").status_code for _ in range(5)]
    assert statuses == [200, 429, 429, 429, 418]
    banned = client.get("/api/v3/ping")
    until = NOW + 30_000 + 120_000
    assert (banned.status_code, banned.headers["retry-after"]) == (418, "120")
    assert banned.json() == {
        "code": -1003,
        "msg": f"Way too much request weight used; IP banned until {until}. "
        "Please use WebSocket Streams for live updates to avoid bans.",
    }
    assert api.limits()["calls_in_ban"] == [
        {"address": "127.0.0.1", "at": NOW + 30_000, "since": NOW + 30_000, "until": until}
    ]
    api.advance(seconds=119.999)
    assert client.get("/api/v3/ping").headers["retry-after"] == "1"
    api.advance(seconds=0.001)
    assert client.get("/api/v3/ping").status_code == 200


def test_a_second_ban_is_no_longer_than_the_first() -> None:
    meter, now, lengths = Meter(BinanceConfig(limits=FEW)), NOW, []
    for _ in range(14):
        verdict = next(
            found for found in (meter.judge("a", 90, now) for _ in range(9)) if found.status == 418
        )
        lengths.append(verdict.retry_from - now)
        now = verdict.retry_from
    assert lengths[:3] == [120_000, 240_000, 480_000]
    assert lengths[-1] == 3 * DAY


def test_patience_does_not_clear_the_count_of_refusals() -> None:
    meter = Meter(BinanceConfig(limits=FEW))
    for minute in range(20):
        statuses = [meter.judge("a", 60, NOW + minute * MINUTE).status for _ in range(3)]
        assert statuses == [200, 429, 429]


def test_another_address_shares_the_limit() -> None:
    meter = Meter(BinanceConfig(limits=FEW))
    assert [meter.judge(name, 100, NOW).status for name in ("a", "b", "a", "b")] == [200, 200, 429, 429]


def test_the_number_of_requests_has_no_limit() -> None:
    meter = Meter(BinanceConfig(limits=Limits(weight_per_minute=10**9, requests_per_5_minutes=10)))
    verdicts = [meter.judge("a", 1, NOW + 4 * MINUTE * number // 11) for number in range(11)]
    assert [verdict.status for verdict in verdicts] == [200] * 10 + [429]
    assert verdicts[-1].retry_from == NOW + 5 * MINUTE
    assert meter.judge("a", 1, NOW + 5 * MINUTE).status == 200


def test_a_fast_clock_asks_to_wait_too_long(api: RunningBinance, client: httpx.Client) -> None:
    api.ban(seconds=120)
    assert client.get("/api/v3/ping").headers["retry-after"] == "120"
    api.run_clock(60)
    assert client.get("/api/v3/ping").headers["retry-after"] == "2"


@given(
    low=st.floats(0, 0.5),
    more=st.floats(0, 0.5),
    minute=st.integers(0, 10**8),
    limit=st.integers(1, 10_000),
    seed=st.integers(0, 100),
)
def test_a_neighbour_leaves_its_share_or_forgets_what_it_used(
    low: float, more: float, minute: int, limit: int, seed: int
) -> None:
    neighbour = Neighbour(low=low, high=low + more)
    used = [
        used_by_neighbour(neighbour, limit, seed, minute * MINUTE + passed)
        for passed in range(0, MINUTE, 999)
    ]
    assert used[0] == 0
    assert used == sorted(used)
    last = used_by_neighbour(neighbour, limit, seed, minute * MINUTE + MINUTE - 1)
    assert limit * low * 0.999 - 1 <= last <= limit * (low + more)


def test_a_changing_neighbour_is_the_same_in_each_minute() -> None:
    neighbour = Neighbour(low=0.0, high=0.7)
    ends = {used_by_neighbour(neighbour, 1_200, 1, minute * MINUTE - 1) for minute in range(1, 50)}
    assert len(ends) > 40
    assert max(ends) > 700
    assert min(ends) < 100


def test_the_neighbours_weight_is_neither_shown_nor_counted(
    api: RunningBinance, client: httpx.Client
) -> None:
    api.change(neighbour=Neighbour(low=0.5, high=0.5))
    answer = client.get("/api/v3/ping")
    assert answer.headers["X-MBX-USED-WEIGHT-1M"] == "26"
    statuses = [client.get("/api/v3/exchangeInfo").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert api.limits()["minutes"][0]["neighbour"] == 49

"""The request budget: never more than it says, hardly less, and the same for all who share it."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from itertools import accumulate
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg_pool import ConnectionPool

from extract.budget import LocalPause, SharedBudget, budget_of
from extract.database import open_pool
from extract.errors import ConfigurationError, StreamUnreachableError, UnreachableError
from extract.rest import RestClient
from extract.settings import DatabaseSettings, HttpSettings
from extract.source import BudgetSettings, SourceSettings, UsageHeader
from extract.sources import all_sources
from tests.extract.fake_api import answer

Grant = tuple[float, int]
_TAKE = """
    select extract(epoch from clock_timestamp())::float8 + wait_seconds
    from ops.take_from_budget(%s, %s, %s, %s, null)
"""


def most_in_a_minute(grants: Sequence[Grant]) -> int:
    """The most units in any 60 seconds, both ends included."""
    ordered = sorted(grants)
    sums = [0, *accumulate(cost for _, cost in ordered)]
    most = begin = 0
    for end, (moment, _) in enumerate(ordered, 1):
        while ordered[begin][0] < moment - 60:
            begin += 1
        most = max(most, sums[end] - sums[begin])
    return most


def reserve(
    connection: psycopg.Connection, name: str, costs: Sequence[int], per_minute: int, burst: int
) -> list[Grant]:
    """When each request may go, by the server's clock; reserved one after another without waiting."""
    slots = [connection.execute(_TAKE, [name, cost, per_minute, burst]).fetchone() for cost in costs]
    return [(slot[0], cost) for slot, cost in zip(slots, costs, strict=True) if slot is not None]


@st.composite
def _budgets(draw: st.DrawFn) -> tuple[int, int, list[int]]:
    per_minute = draw(st.integers(2, 6000))
    burst = draw(st.integers(1, min(per_minute - 1, 600)))
    costs = draw(st.lists(st.integers(1, burst), min_size=20, max_size=60))
    return per_minute, burst, costs


@pytest.fixture
def connection(elt_database: Any) -> Iterator[psycopg.Connection]:
    with elt_database.connect("extractor", autocommit=True) as opened:
        yield opened


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_budgets())
def test_no_minute_holds_more_than_the_budget_nor_much_less(
    connection: psycopg.Connection, budget: tuple[int, int, list[int]]
) -> None:
    per_minute, burst, costs = budget
    grants = reserve(connection, f"{time.monotonic()}", costs, per_minute, burst)
    assert most_in_a_minute(grants) <= per_minute
    ideal = max(0, sum(costs) - burst) * 60 / (per_minute - burst)
    assert grants[-1][0] - grants[0][0] <= ideal * 1.01 + 0.1
    assert grants == sorted(grants, key=lambda grant: grant[0])


def test_many_at_once_get_all_of_the_budget_and_no_more(elt_database: Any) -> None:
    def worker(number: int) -> list[Grant]:
        with elt_database.connect("extractor", autocommit=True) as mine:
            return reserve(mine, "crowded", [1 + (number + i) % 3 for i in range(300)], 1200, 60)

    with ThreadPoolExecutor(8) as threads:
        grants = [grant for each in threads.map(worker, range(8)) for grant in each]
    assert most_in_a_minute(grants) <= 1200
    first, last = min(grants)[0], max(grants)[0]
    assert sum(cost for _, cost in grants) >= 0.95 * (60 + (last - first) * (1200 - 60) / 60)


class Timed(httpx.BaseTransport):
    """Answers at once by `respond`, and writes down when it was asked."""

    def __init__(self, respond: Callable[[int], httpx.Response] = lambda _: answer(b"[]")) -> None:
        self.times: list[float] = []
        self._respond = respond
        self._guard = threading.Lock()

    def handle_request(self, _: httpx.Request) -> httpx.Response:
        with self._guard:
            self.times.append(time.monotonic())
            number = len(self.times)
        return self._respond(number)


def get(rest: RestClient, cost: int = 1) -> bytes:
    return rest.get("/", {}, lambda answer: answer.body, cost)


@pytest.fixture
def pods(elt_database: Any) -> Iterator[Callable[..., RestClient]]:
    """Makes clients, each with a pool of its own as in a pod of its own."""
    with ExitStack() as stack:

        def pod(api: httpx.BaseTransport, **budget: Any) -> RestClient:
            pool = stack.enter_context(
                open_pool(DatabaseSettings(attempts=1), elt_database.conninfo("extractor"))
            )
            values: dict[str, Any] = {"name": "shared", "per_minute": 1200, "burst": 60} | budget
            shared = SharedBudget(pool, **values)
            http = HttpSettings(attempts=2, backoff_seconds=0, retry_seconds=30)
            return stack.enter_context(
                RestClient("smartpizza", "http://api.test", http, transport=api, budget=shared)
            )

        yield pod


def test_workers_of_several_pods_keep_one_budget_by_the_clock(pods: Callable[..., RestClient]) -> None:
    api = Timed()
    rests = [pods(api, per_minute=6000, burst=30) for _ in range(3)]
    until = time.monotonic() + 2

    def work(rest: RestClient) -> None:
        while time.monotonic() < until:
            get(rest)

    with ThreadPoolExecutor(9) as threads:
        list(threads.map(work, rests * 3))
    rate = (6000 - 30) / 60
    seconds = api.times[-1] - api.times[0]
    # What the API sees is late by what a thread takes to wake up, so it may see some requests closer together.
    assert 0.95 * rate * seconds <= len(api.times) <= 30 + rate * seconds + 20
    assert sum(rest.traffic.throttled_seconds for rest in rests) > 0


def banned_first(number: int) -> httpx.Response:
    return answer(b"{}", status=418, retry_after="2") if number == 1 else answer(b"[]")


def test_a_ban_silences_the_other_pods_too(pods: Callable[..., RestClient]) -> None:
    api = Timed(banned_first)
    banned, other = pods(api), pods(api)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(get, banned)
        while not api.times:
            time.sleep(0.01)
        time.sleep(0.2)
        second = threads.submit(get, other)
        assert first.result() == second.result() == b"[]"
    assert min(api.times[1:]) - api.times[0] >= 2
    assert other.traffic.throttled_seconds > 1


def test_a_slot_reserved_before_a_ban_is_not_used_in_it(pods: Callable[..., RestClient]) -> None:
    api = Timed()
    waiting, banned = pods(api, per_minute=120, burst=60), pods(api, per_minute=120, burst=60)
    get(waiting, cost=60)
    with ThreadPoolExecutor(1) as threads:
        second = threads.submit(get, waiting)
        time.sleep(0.3)
        ban = time.monotonic()
        banned._budget.pause(2.5)
        second.result()
    assert api.times[1] - ban >= 2.5


def test_without_a_budget_a_ban_silences_the_threads_of_this_process() -> None:
    api = Timed(banned_first)
    rest = RestClient(
        "smartpizza", "http://api.test", HttpSettings(attempts=2, backoff_seconds=0), transport=api
    )
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(get, rest)
        time.sleep(0.2)
        second = threads.submit(get, rest)
        assert first.result() == second.result() == b"[]"
    assert min(api.times[1:]) - api.times[0] >= 2


def test_a_ban_longer_than_we_may_wait_is_an_error_at_once(pods: Callable[..., RestClient]) -> None:
    api = Timed()
    pods(api)._budget.pause(3600)
    with pytest.raises(
        StreamUnreachableError, match=r"wait, 3600 s more, which exceeds http.retry_seconds = 30"
    ):
        get(pods(api))
    assert not api.times


def test_a_database_that_is_away_is_waited_for_like_an_api(elt_database: Any) -> None:
    api = Timed()
    with open_pool(DatabaseSettings(attempts=1), elt_database.conninfo("extractor")) as pool:
        budget = SharedBudget(pool, "shared", per_minute=1200, burst=60)
    http = HttpSettings(attempts=2, backoff_seconds=0)
    rest = RestClient("smartpizza", "http://api.test", http, transport=api, budget=budget)
    with pytest.raises(UnreachableError, match=r"Postgres.*gave up after 2 attempts"):
        get(rest)
    assert not api.times
    with pytest.raises(UnreachableError):
        budget.pause(5)
    assert budget.take(1).paused


def used(units: int) -> Callable[[int], httpx.Response]:
    return lambda _: answer(b"[]", x_mbx_used_weight_1m=f"{units}", date="Mon, 16 Mar 2026 12:00:57 GMT")


def test_what_a_neighbour_uses_slows_all_pods_down(pods: Callable[..., RestClient]) -> None:
    usage = UsageHeader(used="x-mbx-used-weight-1m")
    get(pods(Timed(used(1200)), usage=usage))
    started = time.monotonic()
    get(pods(Timed()))
    assert 2.5 < time.monotonic() - started < 3 + 2


def test_our_own_use_does_not_slow_us_down(pods: Callable[..., RestClient]) -> None:
    rest = pods(Timed(used(1)), usage=UsageHeader(used="x-mbx-used-weight-1m"))
    for _ in range(20):
        get(rest)
    assert rest.traffic.throttled_seconds == 0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_budgets(), st.floats(0, 6000), st.floats(0, 59))
def test_no_more_is_granted_than_the_api_says_is_left(
    connection: psycopg.Connection, budget: tuple[int, int, list[int]], remaining: float, seconds: float
) -> None:
    per_minute, burst, costs = budget
    name = f"{time.monotonic()}"
    reserve(connection, name, costs[:1], per_minute, burst)
    now = connection.execute(
        "select extract(epoch from clock_timestamp())::float8, ops.correct_budget(%s, %s, %s, %s, %s)",
        [name, remaining, seconds, per_minute, burst],
    ).fetchone()
    assert now is not None
    grants = reserve(connection, name, costs[1:], per_minute, burst)
    assert sum(cost for moment, cost in grants if moment <= now[0] + seconds) <= remaining + 1e-6


def test_news_of_use_by_others_voids_slots_reserved_before(connection: psycopg.Connection) -> None:
    taken = connection.execute("select ticket from ops.take_from_budget('b', 10, 100, 10, null)").fetchone()
    assert taken is not None
    connection.execute("select ops.correct_budget('b', 0, 30, 100, 10)")
    again = connection.execute(
        "select wait_seconds from ops.take_from_budget('b', 10, 100, 10, %s)", taken
    ).fetchone()
    assert again is not None
    assert again[0] >= 30


def test_bans_in_a_row_grant_no_bursts(connection: psycopg.Connection) -> None:
    for _ in range(5):
        connection.execute("select ops.pause_budget('b', 0, 120, 60)")
    row = connection.execute(
        "select wait_seconds from ops.take_from_budget('b', 1, 120, 60, null)"
    ).fetchone()
    assert row is not None
    assert row[0] > 0.5


@pytest.mark.parametrize("role", ["transformer", "reporter"])
def test_only_the_extractor_spends_the_budget(elt_database: Any, role: str) -> None:
    with elt_database.connect(role) as other, pytest.raises(psycopg.errors.InsufficientPrivilege):
        other.execute("select ops.take_from_budget('b', 1, 10, 1, null)")


SMARTPIZZA = all_sources()["smartpizza"]
DEAR = replace(SMARTPIZZA, streams=tuple(replace(each, request_cost=40) for each in SMARTPIZZA.streams))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"per_minute": 600, "burst": 39}, "burst = 39 is less"),
        ({"per_minute": 40}, "per_minute = 40 must be more"),
    ],
)
def test_a_budget_that_no_request_fits_is_refused(
    pool: ConnectionPool, values: dict[str, int], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"\[sources\.smartpizza\.budget\] {words}.*40"):
        budget_of(DEAR, SMARTPIZZA.settings(budget=BudgetSettings(**values)), pool)


def test_a_request_dearer_than_the_burst_is_refused(pods: Callable[..., RestClient]) -> None:
    with pytest.raises(ConfigurationError, match="a request of 61 units never fits budget shared"):
        get(pods(Timed()), cost=61)


def test_no_section_means_no_budget(pool: ConnectionPool) -> None:
    assert isinstance(budget_of(SMARTPIZZA, SMARTPIZZA.settings(), pool), LocalPause)


def test_a_burst_as_large_as_the_budget_is_refused() -> None:
    with pytest.raises(ValueError, match="burst must be less than per_minute"):
        SourceSettings.model_validate(
            {"base_url": "http://api.test", "budget": {"per_minute": 60, "burst": 60}}
        )

"""Generated candles: exact, plausible, and the same history in every interval."""

import datetime as dt
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.binance import BinanceConfig, SymbolConfig
from sandbox.binance.history import Window
from sandbox.binance.intervals import WIDTHS
from sandbox.binance.market import Market
from sandbox.binance.symbols import Symbol
from sandbox.smartpizza.times import DAY, HOUR, MINUTE, SECOND
from tests.sandbox.binance_rough import END, ROUGH_MARKET
from tests.sandbox.binance_rows import UTC, added_up, assert_plausible, at, by_candle, rows_of, values

NOWS = st.integers(at("2018-02-01T00:00"), END)
SHORTER = {"1m": "1s", "15m": "1m", "3m": "1m", "5m": "1m"}
EDGES = [
    "2018-02-08T00:28:14", "2018-02-08T00:28:15", "2018-02-09T09:28:14", "2018-02-09T09:28:20", "2018-02-11T03:59:59",
    "2018-02-11T04:00:00", "2018-02-14T03:00", "2018-02-20T10:05:31", "2018-02-20T13:15", "2018-02-02T00:00",
]  # fmt: skip


@pytest.mark.parametrize("interval", [name for name in WIDTHS if name != "1s"])
def test_a_longer_candle_is_not_what_its_shorter_ones_add_up_to(interval: str) -> None:
    for now in [END, *map(at, EDGES)]:
        base = SHORTER.get(interval, "15m")
        longer = rows_of(ROUGH_MARKET, interval, now, Window(None, None, 4 if base == "1s" else 600))
        shorter = rows_of(ROUGH_MARKET, base, now, Window(longer[0][0], now, 10**6))
        found = by_candle(shorter, longer)
        assert list(found) == [row[0] for row in longer]
        for row in longer:
            assert values(row) == added_up(found[row[0]]), (now, row)


@given(now=NOWS)
@example(now=at("2018-02-09T09:29:00"))
@example(now=at("2018-02-11T03:59:30"))
@settings(deadline=None, max_examples=15)
def test_the_open_candle_differs_between_intervals(now: int) -> None:
    newest = {name: rows_of(ROUGH_MARKET, name, now, Window(None, None, 1))[-1] for name in WIDTHS}
    for name in ("15m", "1h", "4h", "1d", "1w", "1M"):
        # Off the grid a quarter of an hour that reaches into the next day belongs to the day it opened in.
        parts = rows_of(
            ROUGH_MARKET, "1m" if name in ("15m", "1h") else "15m", now, Window(newest[name][0], None, 10**6)
        )
        assert added_up(parts) == values(newest[name]), name
    seconds = rows_of(ROUGH_MARKET, "1s", now, Window(newest["1m"][0], None, 60))
    assert added_up(seconds) == values(newest["1m"])
    assert all(row[0] <= now for row in newest.values())


@given(now=NOWS, interval=st.sampled_from(list(WIDTHS)))
@settings(deadline=None, max_examples=60)
def test_a_candle_is_implausible(now: int, interval: str) -> None:
    for row in rows_of(ROUGH_MARKET, interval, now, Window(None, None, 300)):
        assert_plausible(row)


@given(
    name=st.from_regex("[A-Z]{2,6}(USDT|BTC|EUR)", fullmatch=True),
    seed=st.integers(0, 2**32),
    day=st.integers(0, 3_000),
    trades=st.integers(1, 5_000),
)
@settings(deadline=None, max_examples=40)
def test_a_symbol_of_any_name_leaves_its_steps_or_overflows(
    name: str, seed: int, day: int, trades: int
) -> None:
    config = BinanceConfig(seed=seed, symbols=(SymbolConfig(name=name, trades=trades),))
    now = at("2017-07-15T00:00") + day * DAY + 7 * HOUR + 777
    market = Market(config)
    _, tick, lot = Symbol(config.listed()[0]).steps
    for interval in ("1s", "15m", "1M"):
        for row in rows_of(market, interval, now, Window(None, None, 50), symbol=name):
            assert_plausible(row)
            assert all(Decimal(row[column]) * 10**8 % tick == 0 for column in (1, 2, 3, 4))
            assert all(Decimal(row[column]) * 10**8 % lot == 0 for column in (5, 9))


@pytest.mark.parametrize("interval", list(WIDTHS))
def test_the_grid_of_an_interval_is_wrong(interval: str) -> None:
    now = at("2024-03-01T12:34:56")
    rows = rows_of(BinanceConfig(), interval, now, Window(None, None, 30))
    for row, following in pairwise(rows):
        assert row[6] == following[0] - 1
    opened = dt.datetime.fromtimestamp(rows[-1][0] / 1000, UTC)
    assert rows[-1][0] <= now <= rows[-1][6]
    if interval == "1M":
        assert opened == dt.datetime(2024, 3, 1, tzinfo=UTC)
        assert rows[-2][6] - rows[-2][0] == 29 * DAY - 1
    elif interval == "1w":
        assert (opened.weekday(), opened.hour) == (0, 0)
    else:
        assert rows[-1][0] % WIDTHS[interval] == 0


@pytest.mark.parametrize(("ahead", "first"), [(-12, 12), (14, 10), (5.75, 18.25)])
def test_days_of_another_zone_are_those_of_utc(ahead: float, first: float) -> None:
    now = at("2024-03-01T20:00")
    day = rows_of(BinanceConfig(), "1d", now, Window(None, None, 1), zone=int(ahead * HOUR))[0]
    assert day[0] % DAY == first * HOUR
    parts = rows_of(BinanceConfig(), "1m", now, Window(day[0], None, 2_000))
    assert values(day) == added_up(parts)


@given(now=NOWS, later=st.integers(1, 3 * HOUR))
@settings(deadline=None, max_examples=40)
def test_a_closed_candle_changes_or_an_open_one_shrinks(now: int, later: int) -> None:
    for interval in ("1m", "15m", "1h"):
        before = {row[0]: row for row in rows_of(ROUGH_MARKET, interval, now, Window(None, None, 20))}
        after = {row[0]: row for row in rows_of(ROUGH_MARKET, interval, now + later, Window(None, now, 20))}
        for opened, row in before.items():
            restated = at("2018-02-12T04:00") <= opened < at("2018-02-12T05:00")
            if row[6] < now and not restated and opened in after:
                assert after[opened] == row
            elif opened in after:
                assert Decimal(after[opened][5]) >= Decimal(row[5])
                assert after[opened][1] == row[1]


def test_an_open_candle_does_not_grow() -> None:
    start = at("2026-03-01T10:00")
    newest = Window(None, None, 1)
    seen = [rows_of(BinanceConfig(), "1h", start + passed * 7 * MINUTE, newest)[-1] for passed in range(9)]
    assert [row[6] for row in seen] == [start + HOUR - 1] * 9
    volumes = [Decimal(row[5]) for row in seen]
    assert volumes == sorted(volumes)
    assert len(set(volumes)) == 9


def test_seconds_are_missing_or_all_alike() -> None:
    rows = rows_of(BinanceConfig(), "1s", at("2026-03-01T10:00"), Window(None, None, 1_000))
    assert [row[0] for row in rows] == list(range(rows[0][0], rows[-1][0] + 1, SECOND))
    assert len({row[5] for row in rows}) > 100

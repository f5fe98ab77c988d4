"""Aggregate trades: dense ids, by id and by time, the same trades on every page."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.binance.history import Window
from sandbox.binance.trades import Trades
from sandbox.smartpizza.times import HOUR, MINUTE
from tests.sandbox.binance_rough import ROUGH_MARKET
from tests.sandbox.binance_rows import at, rows_of

NOW = at("2018-02-09T13:07:11")
ALL = Window(None, None, 10**9)


def page(from_id: int | None = None, window: Window = ALL, now: int = NOW) -> list[dict[str, Any]]:
    # A new one each time: what was counted before must not matter.
    trades = Trades(ROUGH_MARKET.histories["BTCUSDT"], ROUGH_MARKET.config.seed)
    return trades.page(from_id, window, now, microseconds=False)


@pytest.fixture(scope="module")
def full() -> list[dict[str, Any]]:
    return page()


def test_ids_have_holes_or_times_go_back(full: list[dict[str, Any]]) -> None:
    assert [trade["a"] for trade in full] == list(range(len(full)))
    assert [trade["f"] for trade in full[1:]] == [trade["l"] + 1 for trade in full[:-1]]
    times = [trade["T"] for trade in full]
    assert times == sorted(times)
    assert times[-1] <= NOW
    assert len(set(times)) < len(times)


@given(from_id=st.integers(0, 12_000), limit=st.integers(1, 1_000))
@settings(deadline=None, max_examples=50)
def test_a_page_by_id_holds_other_trades(full: list[dict[str, Any]], from_id: int, limit: int) -> None:
    assert page(from_id, Window(None, None, limit)) == full[from_id : from_id + limit]


@given(
    start=st.none() | st.integers(at("2018-01-31T00:00"), NOW + HOUR),
    end=st.none() | st.integers(at("2018-01-31T00:00"), NOW + HOUR),
    limit=st.integers(1, 1_000),
)
@settings(deadline=None, max_examples=100)
def test_a_page_by_time_holds_other_trades(
    full: list[dict[str, Any]], start: int | None, end: int | None, limit: int
) -> None:
    inside = [
        trade
        for trade in full
        if (start is None or trade["T"] >= start) and (end is None or trade["T"] <= end)
    ]
    expected = inside[-limit:] if start is None else inside[:limit]
    assert page(None, Window(start, end, limit)) == expected


def test_trades_contradict_their_candle(full: list[dict[str, Any]]) -> None:
    quarters = rows_of(ROUGH_MARKET, "15m", NOW)
    compared = 0
    for row, following in pairwise(quarters):
        inside = [trade for trade in full if row[0] <= trade["T"] < min(following[0], row[6] + 1)]
        assert sum(trade["l"] - trade["f"] + 1 for trade in inside) == row[8]
        if inside:
            compared += 1
            assert sum(Decimal(trade["q"]) for trade in inside) == Decimal(row[5])
            assert (inside[0]["p"], inside[-1]["p"]) == (row[1], row[4]) or len(inside) == 1
            assert all(Decimal(row[3]) <= Decimal(trade["p"]) <= Decimal(row[2]) for trade in inside)
    assert compared > 500


def test_nothing_is_traded_in_an_outage(full: list[dict[str, Any]]) -> None:
    outage = range(at("2018-02-08T00:28:15"), at("2018-02-09T09:28:14"))
    assert not [trade for trade in full if trade["T"] in outage]


def test_new_trades_change_the_old_ones(full: list[dict[str, Any]]) -> None:
    later = page(now=NOW + 40 * MINUTE)
    assert later[: len(full)] == full
    assert len(later) > len(full)

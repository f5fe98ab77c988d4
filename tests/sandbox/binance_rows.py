"""Rows of the simulated Binance, computed in this process and checked the slow way."""

import datetime as dt
from decimal import Decimal
from itertools import groupby
from typing import Any

import msgspec

from sandbox.binance import BinanceConfig
from sandbox.binance.config import milliseconds
from sandbox.binance.history import Window
from sandbox.binance.market import Market

Row = list[Any]
UTC = dt.UTC
ALL = Window(None, None, 10**9)


def at(text: str) -> int:
    """Milliseconds of 2026-01-31T23:59 (UTC)."""
    return milliseconds(dt.datetime.fromisoformat(text).replace(tzinfo=UTC))


def moment(text: str) -> dt.datetime:
    """2026-01-31T23:59, in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=UTC)


def rows_of(
    config: BinanceConfig | Market,
    interval: str,
    now: int,
    window: Window = ALL,
    *,
    symbol: str = "BTCUSDT",
    zone: int = 0,
) -> list[Row]:
    market = config if isinstance(config, Market) else Market(config)
    rows: list[Row] = msgspec.json.decode(market.klines(symbol, interval, window, now, zone=zone)[0])
    return rows


def added_up(rows: list[Row]) -> Row:
    """The values of a candle that these make up, without its times."""
    sums = [sum(Decimal(row[column]) for row in rows) for column in (5, 7, 8, 9, 10)]
    return [
        Decimal(rows[0][1]),
        max(Decimal(row[2]) for row in rows),
        min(Decimal(row[3]) for row in rows),
        Decimal(rows[-1][4]),
        *sums,
    ]


def values(row: Row) -> Row:
    """The values of a candle, exactly."""
    return [Decimal(row[column]) for column in (1, 2, 3, 4, 5, 7, 8, 9, 10)]


def by_candle(shorter: list[Row], longer: list[Row]) -> dict[int, list[Row]]:
    """The shorter candles by the open time of the longer one that they open in."""
    opens = [row[0] for row in longer]
    place = 0

    def of(row: Row) -> int:
        nonlocal place
        while place + 1 < len(opens) and opens[place + 1] <= row[0]:
            place += 1
        return int(opens[place])

    return {opened: list(found) for opened, found in groupby(shorter, of)}


def assert_plausible(row: Row) -> None:
    opened, high, low, close, volume, quote, trades, taker, taker_quote = values(row)
    assert low <= min(opened, close) <= max(opened, close) <= high, row
    assert low > 0, row
    assert 0 <= taker <= volume, row
    assert low * volume <= quote <= high * volume, row
    assert low * taker <= taker_quote <= high * taker, row
    assert low * (volume - taker) <= quote - taker_quote <= high * (volume - taker), row
    assert (trades == 0) == (volume == 0), row
    assert all(len(row[column].partition(".")[2]) == 8 for column in (1, 2, 3, 4, 5, 7, 9, 10)), row
    assert row[11] == "0"

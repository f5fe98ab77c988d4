"""Files of real candles through the API, the extractor and the models: the same candles and defects come out."""

import csv
import os
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.binance import BinanceConfig, ServedFile
from tests.end_to_end.market import Market
from tests.end_to_end.warehouse import ROOT

FILES = Path(os.environ.get("BINANCE_KLINES_DIR") or ROOT.parent / "shared" / "data" / "binance_klines")
# The second was fetched later: it has the last hour of the first when it had closed.
OLD = FILES / "spot_BTCUSDT-1h_2017-2020.csv"
NEW = FILES / "spot_BTCUSDT-1h_2019-12_2020-12_desc_8dp.csv"
MINUTES = FILES / "spot_BTCUSDT-1m_2021-07_8dp.csv"
BEFORE, AFTER = datetime(2020, 11, 28, 8, 30, tzinfo=UTC), datetime(2020, 12, 10, 1, 1, tzinfo=UTC)
CLOSED = """
    select
        open_at, open_price, high_price, low_price, close_price, volume, close_at, quote_volume, trade_count,
        taker_volume, taker_quote_volume
    from marts.fct_ohlcv
    order by open_at
"""
real = pytest.mark.skipif(not OLD.exists(), reason=f"the files of real candles are not at {FILES}")


def candles(path: Path) -> dict[datetime, tuple[Any, ...]]:
    """The file's candles by their open time, typed as the mart's columns are."""
    with path.open(newline="") as file:
        rows = [row for row in csv.reader(file) if row[0][:1].isdigit()]
    found = {}
    for row in rows:
        opened = datetime.fromisoformat(row[0]).replace(tzinfo=UTC)
        closed = datetime.fromtimestamp(int(float(row[6])) // 1000, UTC).replace(
            microsecond=int(float(row[6])) % 1000 * 1000
        )
        prices, taker = map(Decimal, row[1:6]), map(Decimal, row[9:11])
        found[opened] = (opened, *prices, closed, Decimal(row[7]), int(float(row[8])), *taker)
    return found


@real
def test_real_candles_are_lost_rounded_or_made_up(market_of: Callable[..., Market]) -> None:
    files = tuple(ServedFile(path=str(path)) for path in (OLD, NEW))
    market = market_of(BinanceConfig(files=files, symbols=("BTCUSDT",), now=BEFORE), intervals=["1h"])
    market.load()
    market.build()

    old = candles(OLD)
    open_one = max(old)
    # The last candle was still open when the file was made: it is in staging and no fact.
    assert market.query(CLOSED) == [old[at] for at in sorted(old) if at != open_one]
    assert market.query("select open_at from staging.stg_binance__klines where not is_closed") == [
        (open_one,)
    ]

    # Every hour that lacks, and no other: candles off the grid cover the hour that they open in.
    gaps = market.query(
        "select count(*), sum(missing_candles), max(missing_candles) from marts.fct_candle_gaps"
    )
    assert gaps == [(18, 108, 32)]
    hours = (max(old) - min(old)).total_seconds() / 3600 + 1
    assert hours - len(old) == 108
    # Steps between opens that are no hour: the 18 gaps, and the short one from the last candle off the grid.
    steps = "select open_at - lag(open_at) over (order by open_at) as step from marts.fct_ohlcv"
    uneven = f"select count(*), sum(floor(extract(epoch from step) / 3600) - 1) from ({steps}) as s where step <> '1h'"
    assert market.query(uneven) == [(19, 107)]
    off_grid = "select count(*) from marts.fct_ohlcv where open_at <> date_trunc('hour', open_at)"
    assert market.scalar(off_grid) == 43
    odd = (
        "select count(*) from marts.fct_ohlcv where close_at <> open_at + interval '1 hour' - interval '1 ms'"
    )
    assert market.scalar(odd) == 9
    assert market.scalar("select count(*) from marts.fct_ohlcv where trade_count = 0") == 1

    market.api.set_clock(AFTER)
    market.load()
    market.build()
    both = old | {at: row for at, row in candles(NEW).items() if at > open_one or at == open_one}
    expected = [both[at] for at in sorted(both) if at != max(both)]
    assert market.query(CLOSED) == expected
    # Nothing was asked for again but the overlap.
    assert market.scalar("select count(*) from raw.binance__klines") < len(both) + 20


@real
def test_a_restated_hour_keeps_one_version_only(market_of: Callable[..., Market]) -> None:
    files = tuple(ServedFile(path=str(path)) for path in (OLD, NEW))
    market = market_of(
        BinanceConfig(files=files, symbols=("BTCUSDT",), now=BEFORE), intervals=["1h"], start="2019-12-11"
    )
    market.load()
    market.build()
    old, new = candles(OLD), candles(NEW)
    differ = {at for at in old.keys() & new.keys() if old[at] != new[at] and at != max(old)}

    market.api.set_clock(AFTER)
    market.extract("backfill", "binance", "--stream", "klines", "--from", "2019-12-11", "--to", "2020-12-10")
    market.build()
    versions = "select open_at, volume from base.base_binance__klines where open_at = %s order by served_at"
    open_one = max(old)
    assert [row[1] for row in market.query(versions, open_one)] == [old[open_one][5], new[open_one][5]]
    at_open = "select volume from marts.fct_ohlcv where open_at = %s"
    assert market.scalar(at_open, open_one) == new[open_one][5]
    restated = market.query("select open_at from intermediate.int_klines_restatements")
    assert {row[0] for row in restated} == differ


@real
def test_real_minutes_are_taken_for_months(market_of: Callable[..., Market]) -> None:
    now = datetime(2021, 7, 15, 15, 43, 10, tzinfo=UTC)
    market = market_of(
        BinanceConfig(files=(ServedFile(path=str(MINUTES)),), symbols=("BTCUSDT",), now=now),
        intervals=["1m"],
        start="2021-07-01",
    )
    market.load()
    market.build()
    told = candles(MINUTES)
    assert market.query(CLOSED) == [told[at] for at in sorted(told)]
    assert market.scalar("select count(*) from marts.fct_candle_gaps") == 0

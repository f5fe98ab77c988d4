"""Real candles of 2017 to 2020, fetched twice: they come out as they are, every gap and every change is found."""

import csv
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.loads import Loads, loads_of
from tests.end_to_end.market import Market
from tests.end_to_end.warehouse import ROOT

FILES = Path(os.environ.get("BINANCE_KLINES_DIR") or ROOT.parent / "shared" / "data" / "binance_klines")
FIRST = FILES / "spot_BTCUSDT-1h_2017-2020.csv"
SECOND = FILES / "spot_BTCUSDT-1h_2019-12_2020-12_desc_8dp.csv"
HOUR = timedelta(hours=1)
Candles = dict[datetime, list[Any]]

pytestmark = pytest.mark.skipif(
    not (FIRST.exists() and SECOND.exists()), reason=f"Binance's candles are not at {FILES}"
)


def test_real_candles_are_lost_rounded_or_made_up(elt_database: Any, tmp_path: Path) -> None:
    """18 gaps of 108 hours in the first file, of which the 43 candles off the grid are none, and one after it."""
    market = Market(elt_database, tmp_path)
    first, second = read(FIRST), read(SECOND)
    before, after = closed(first), closed(second)
    with loads_of(market) as loads:
        commit(loads, first, served_at=max(first) + timedelta(minutes=17))
        market.build()
        assert mart(market) == before
        assert gap_rows(market) == (18, 108)
        # Steps between opens that are no hour: 18 gaps, and the short step back onto the grid, which is less than one.
        steps = [later - earlier for earlier, later in pairwise(sorted(first)) if later - earlier != HOUR]
        assert (len(steps), sum(step // HOUR - 1 for step in steps)) == (19, 107)
        assert market.scalar("select count(*) from marts.fct_ohlcv where open_at <> slot_at") == 43

        commit(loads, second, served_at=max(second) + timedelta(minutes=1))
        market.dbt("run", "--quiet", "--select", "tag:binance")

    assert mart(market) == before | after
    assert gap_rows(market) == (19, 109)
    known = market.query(
        "select missing_candles from marts.fct_candle_gaps where is_known_outage order by until_at"
    )
    assert known == [(32,), (5,), (1,)]
    told = market.query(
        "select open_at, old_quote_volume, new_quote_volume from intermediate.int_klines_restatements"
    )
    changed = {at for at in before.keys() & after.keys() if before[at] != after[at]}
    assert {at for at, _, _ in told} == changed
    assert len(changed) > 100
    assert all((before[at][6], after[at][6]) == (old, new) for at, old, new in told)
    assert market.scalar("select count(*) from base.base_binance__klines") == len(first) + len(second)


def read(path: Path) -> Candles:
    """The rows as the API would send them, by the time at which they open; numbers are spelt as the file has them."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    found: Candles = {}
    for row in sorted(rows, key=lambda row: row[0]):
        open_at = datetime.fromisoformat(row[0]).replace(tzinfo=UTC)
        open_ms = (open_at - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)
        found[open_at] = [open_ms, *row[1:6], int(float(row[6])), row[7], int(float(row[8])), *row[9:12]]
    return found


def commit(loads: Loads, candles: Candles, served_at: datetime) -> None:
    loads.commit(
        "klines",
        list(candles.values()),
        shard="BTCUSDT/1h",
        context={"symbol": "BTCUSDT", "interval": "1h"},
        served_at=served_at,
    )


def closed(candles: Candles) -> dict[datetime, tuple[Any, ...]]:
    """All but the newest candle, which was open, as the mart has them."""
    newest = max(candles)
    return {
        at: tuple(Decimal(each) for each in candle[1:11]) for at, candle in candles.items() if at != newest
    }


def mart(market: Market) -> dict[datetime, tuple[Any, ...]]:
    rows = market.query(
        """
        select
            open_at, open_price, high_price, low_price, close_price, volume,
            extract(epoch from close_at) * 1000, quote_volume, trade_count, taker_volume, taker_quote_volume
        from marts.fct_ohlcv
        """
    )
    return {row[0]: row[1:] for row in rows}


def gap_rows(market: Market) -> tuple[int, int]:
    """How many gaps, and how many candles are missing."""
    row = market.query("select count(*), sum(missing_candles) from marts.fct_candle_gaps")[0]
    return row[0], row[1]

"""Invariants 3 and 4 for candles: after any history of loads, marts say what was served last, however built."""

from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.end_to_end.candle_history import CandleHistory
from tests.end_to_end.candle_warehouse import CandleWarehouse
from tests.end_to_end.loads import loads_of

LEFT_OUT: tuple[tuple[str, ...], ...] = (
    (),
    ("--exclude", "fct_ohlcv"),
    ("--exclude", "base_binance__klines", "int_symbols_changed"),
    ("--exclude", "int_klines_gaps", "fct_market_daily"),
)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2])
def test_invariant_4_incremental_equals_full_refresh(elt_database: Any, tmp_path: Path, seed: int) -> None:
    """Candles that grow, restatements, late old answers, gaps that are filled, symbols that come and go, bad records;
    builds that leave models out."""
    market = CandleWarehouse(elt_database, tmp_path)
    draw = Random(f"builds/{seed}")
    with loads_of(market) as loads:
        history = CandleHistory(seed, loads)
        market.dbt("seed", "--quiet", "--select", "tag:binance")
        for step in range(4):
            for _ in range(draw.randrange(1, 4)):
                history.step()
            left_out = draw.choice(LEFT_OUT) if step else ()
            market.dbt("run", "--quiet", *selected(left_out))

        market.dbt("run", "--quiet", *selected())
        assert len(history.happened) >= 8, f"too little happened in this history: {history.happened}"
        assert candles(market) == history.candles()
        assert gaps(market) == history.gaps()
        assert symbols(market) == history.symbols()
        assert set(market.query("select symbol, market_date from marts.fct_market_daily")) == history.days(
            "15m"
        )

        market.snapshot()
        market.dbt(
            "run", "--quiet", "--full-refresh", *selected(("--exclude", "path:models/staging/binance/base"))
        )
        assert market.differences() == {}, "marts differ from their full refresh from base"
        market.dbt("run", "--quiet", "--full-refresh", *selected())
        assert market.differences() == {}, "marts differ from their full refresh from raw"

        history.catch_up()
        market.build()
        market.dbt("build", "--quiet", "--selector", "binance_nightly")
        assert candles(market) == history.candles()
        assert gaps(market) == history.gaps()


def selected(left_out: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The pipeline's models, less what is left out."""
    return ("--select", "tag:binance", *left_out)


def candles(market: CandleWarehouse) -> dict[tuple[str, str, int], tuple[Decimal | int, ...]]:
    """The mart in the order of the API's fields."""
    rows = market.query(
        """
        select
            symbol, interval, (extract(epoch from open_at) * 1000)::bigint,
            open_price, high_price, low_price, close_price, volume,
            (extract(epoch from close_at) * 1000)::bigint,
            quote_volume, trade_count, taker_volume, taker_quote_volume
        from marts.fct_ohlcv
        """
    )
    return {row[:3]: row[3:] for row in rows}


def gaps(market: CandleWarehouse) -> set[tuple[Any, ...]]:
    """Symbol, interval, from and until in milliseconds."""
    return set(
        market.query(
            """
            select
                symbol, interval,
                (extract(epoch from from_at) * 1000)::bigint, (extract(epoch from until_at) * 1000)::bigint
            from marts.fct_candle_gaps
            """
        )
    )


def symbols(market: CandleWarehouse) -> dict[str, tuple[bool, str]]:
    """By name: whether it is listed, and its last status."""
    rows = market.query("select symbol, is_listed, status from marts.dim_symbols where is_current")
    return {symbol: (is_listed, status) for symbol, is_listed, status in rows}

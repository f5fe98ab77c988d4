"""Binance's models on a database, without an API: a test loads what it says was served."""

from tests.end_to_end.warehouse import Warehouse


class CandleWarehouse(Warehouse):
    """`database` is the fixture elt_database, `folder` a temporary folder of the test."""

    pipeline = "binance"
    marts = ("dim_symbols", "fct_candle_gaps", "fct_market_daily", "fct_ohlcv", "fct_ohlcv_rollups")

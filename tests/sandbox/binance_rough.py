"""Six weeks of candles with everything in them that goes wrong."""

import datetime as dt

from sandbox.binance import BinanceConfig, Outage, Restatement, StatusChange, SymbolConfig
from sandbox.binance.market import Market
from tests.sandbox.binance_rows import UTC, at, moment

FEBRUARY = dt.datetime(2018, 2, 1, tzinfo=UTC)


ROUGH = BinanceConfig(
    symbols=(
        SymbolConfig(
            name="BTCUSDT",
            trades=25,
            quiet=0.05,
            statuses=(
                StatusChange(at=moment("2018-02-20T10:05:30"), status="HALT"),
                StatusChange(at=moment("2018-02-20T13:15"), status="TRADING"),
            ),
        ),
    ),
    since=FEBRUARY,
    outages=(
        Outage(
            start=moment("2018-02-08T00:28:14.789"),
            end=moment("2018-02-09T09:28:14.789"),
            cut=True,
            off_grid_until=moment("2018-02-11T04:00"),
        ),
        Outage(start=moment("2018-02-14T03:00"), end=moment("2018-02-14T03:45")),
    ),
    restatements=(
        Restatement(
            symbol="BTCUSDT",
            start=moment("2018-02-12T04:00"),
            end=moment("2018-02-12T05:00"),
            seen_from=moment("2018-03-01T00:00"),
        ),
    ),
)
ROUGH_MARKET = Market(ROUGH)
END = at("2018-03-15T00:00")

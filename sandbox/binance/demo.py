"""The Binance that `sandbox up` starts: a few weeks with a defect of each kind, seen from a clock that runs."""

import datetime as dt

from sandbox.binance.config import BinanceConfig, Outage, Restatement, StatusChange, SymbolConfig

SYMBOLS = ("BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT")
WEEKS = 3


def demo_config(now: dt.datetime, seed: int) -> BinanceConfig:
    """Its clock begins at `now`, a midnight, at the rate of real time.

    An outage two weeks before leaves hourly candles off the grid for a day; a short one lies one week before. Twelve
    hours after `now` two hours of BTCUSDT are restated, a day and a half after it SOLUSDT stops trading.
    """
    day, hour = dt.timedelta(days=1), dt.timedelta(hours=1)
    halted = StatusChange(at=now + 1.5 * day, status="BREAK")
    outage = now - 14 * day + 2 * hour
    return BinanceConfig(
        seed=seed,
        symbols=(*SYMBOLS[:-1], SymbolConfig(name=SYMBOLS[-1], statuses=(halted,))),
        now=now,
        rate=1,
        outages=(
            Outage(
                start=outage + dt.timedelta(minutes=41, seconds=7),
                end=outage + dt.timedelta(hours=5, minutes=28, seconds=14, milliseconds=789),
                cut=True,
                off_grid_until=outage + 30 * hour,
            ),
            Outage(start=now - 7 * day, end=now - 7 * day + 2 * hour),
        ),
        restatements=(Restatement(symbol="BTCUSDT", start=now - 2 * hour, end=now, seen_from=now + day / 2),),
    )

"""An exchange that lives in a test: what it says of its candles at each moment of its clock, exactly."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

Candle = list[Any]
QUARTER = timedelta(minutes=15)
WIDTHS = {"15m": QUARTER, "1h": 4 * QUARTER}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Symbol:
    """`holes` are quarters of an hour without a candle, `restated` adds trades to closed ones."""

    name: str
    first: int
    status: str = "TRADING"
    is_listed: bool = True
    holes: set[int] = field(default_factory=set)
    restated: dict[int, int] = field(default_factory=dict)


@dataclass
class Exchange:
    """Quarters of an hour are numbered since 1970; amounts are in units of 1e-8, so that sums are exact."""

    seed: int
    now: datetime
    symbols: dict[str, Symbol] = field(default_factory=dict)
    has_new_field: bool = False

    def add(self, name: str) -> None:
        """Lists a symbol, traded from now on."""
        self.symbols[name] = Symbol(name, number(self.now))

    def candles(self, name: str, interval: str, since: datetime) -> list[Candle]:
        """What klines answers now: from `since` on, the open candle included."""
        symbol, per = self.symbols[name], WIDTHS[interval] // QUARTER
        first = -(-max(number(since), symbol.first - symbol.first % per) // per) * per
        found = []
        for start in range(first, number(self.now) + 1, per):
            quarters = [
                self._quarter(symbol, each)
                for each in range(max(start, symbol.first), min(start + per, number(self.now) + 1))
                if each not in symbol.holes
            ]
            if quarters:
                found.append(_rolled_up(start, per, quarters))
        return found

    def listing(self) -> list[dict[str, Any]]:
        """What exchangeInfo answers now."""
        added = {"amendAllowed": True} if self.has_new_field else {}
        return [
            {
                "symbol": symbol.name,
                "status": symbol.status,
                "baseAsset": symbol.name[:3],
                "quoteAsset": symbol.name[3:],
                "baseAssetPrecision": 8,
                "quoteAssetPrecision": 8,
                "isSpotTradingAllowed": True,
                "isMarginTradingAllowed": False,
                "filters": [{"filterType": "PRICE_FILTER", "tickSize": "0.01000000"}],
            }
            | added
            for symbol in self.symbols.values()
            if symbol.is_listed
        ]

    def _quarter(self, symbol: Symbol, quarter: int) -> list[tuple[int, int, bool]]:
        """Trades until now as (price, amount, whether the buyer was the taker); those of a restatement are last."""
        elapsed = (self.now - _EPOCH - quarter * QUARTER) / QUARTER
        trades = _trades(self.seed, symbol.name, quarter)
        seen = [trade for place, trade in enumerate(trades) if place / len(trades) <= elapsed]
        return seen + [(trades[0][0], 7_000_000, True)] * symbol.restated.get(quarter, 0)


def number(at: datetime) -> int:
    """The quarter of an hour that `at` is in."""
    return (at - _EPOCH) // QUARTER


@cache
def _trades(seed: int, name: str, quarter: int) -> list[tuple[int, int, bool]]:
    draw = Random(f"{seed}/{name}/{quarter}")
    return [
        (draw.randrange(9_000, 11_000) * 1_000_000, draw.randrange(1, 500) * 10_000, draw.random() < 0.5)
        for _ in range(draw.randrange(1, 6))
    ]


def _rolled_up(start: int, per: int, quarters: list[list[tuple[int, int, bool]]]) -> Candle:
    trades = [trade for quarter in quarters for trade in quarter]
    prices = [price for price, _, _ in trades]
    base = [amount for _, amount, _ in trades]
    quote = [price * amount // 100_000_000 for price, amount, _ in trades]
    taken = [place for place, (_, _, is_taker) in enumerate(trades) if is_taker]
    open_ms = start * 900_000
    return [
        open_ms,
        *map(_decimal, (prices[0], max(prices), min(prices), prices[-1], sum(base))),
        open_ms + per * 900_000 - 1,
        _decimal(sum(quote)),
        len(trades),
        _decimal(sum(base[place] for place in taken)),
        _decimal(sum(quote[place] for place in taken)),
        "0",
    ]


def _decimal(units: int) -> str:
    return f"{units // 100_000_000}.{units % 100_000_000:08d}"

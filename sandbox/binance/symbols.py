"""What is fixed about a symbol: its assets, the steps of its prices and volumes, about where its price is."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from sandbox.binance.config import SymbolConfig

# All money and volumes have eight decimal places.
UNIT = 10**8

# Price, tick and lot, the latter two in units of 1e-8. Of another symbol they follow from its name.
_KNOWN = {
    "BTCUSDT": (60_000.0, 10**6, 10**3),
    "ETHUSDT": (2_500.0, 10**6, 10**4),
    "BNBUSDT": (400.0, 10**6, 10**5),
    "SOLUSDT": (120.0, 10**6, 10**5),
    "XRPUSDT": (0.6, 10**4, 10**7),
    "ADAUSDT": (0.5, 10**4, 10**7),
    "ETHBTC": (0.04, 10**3, 10**5),
}
_QUOTES = ("USDT", "USDC", "FDUSD", "BTC", "ETH", "BNB", "EUR", "TRY")

# The mean worth of a trade, in 1e-8 of the quote asset, and the most lots of a mean trade: sums of products of
# volumes, over a month of the busiest symbol, stay within 64 bits.
_MEAN_TRADE = 2e10
_MOST_LOTS = 30_000.0


@dataclass(frozen=True)
class Symbol:
    """A symbol and what follows from its name."""

    config: SymbolConfig

    @property
    def name(self) -> str:
        return self.config.name

    @cached_property
    def assets(self) -> tuple[str, str]:
        """Base and quote asset."""
        quote = next(
            (text for text in _QUOTES if self.name.endswith(text) and self.name != text), self.name[-1:]
        )
        return self.name.removesuffix(quote), quote

    @cached_property
    def steps(self) -> tuple[float, int, int]:
        """About the price; tick and lot in units of 1e-8."""
        if self.name in _KNOWN:
            return _KNOWN[self.name]
        draw = int.from_bytes(hashlib.blake2b(self.name.encode(), digest_size=4).digest(), "big")
        exponent = draw % 5 - 1
        return (1 + draw // 5 % 8) * 10.0**exponent, 10 ** (exponent + 4), 10 ** (6 - exponent)

    @property
    def mid_ticks(self) -> float:
        """About the price, in ticks."""
        price, tick, _ = self.steps
        return price * UNIT / tick

    @property
    def lots_a_trade(self) -> float:
        """The mean volume of a trade."""
        return min(_MOST_LOTS, max(2.0, _MEAN_TRADE / self.mid_ticks / self.quote_step))

    @property
    def quote_step(self) -> int:
        """tick x lot, in units of 1e-8."""
        return self.steps[1] * self.steps[2] // UNIT

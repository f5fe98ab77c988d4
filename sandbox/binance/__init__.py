"""Binance's public market data, simulated: a real HTTP server over generated history or real files of candles.

    with served(BinanceConfig(symbols=("BTCUSDT",), now=datetime(2026, 1, 1, tzinfo=UTC))) as api:
        ...  # api.url, api.advance(days=1), api.served(), api.limits(), api.faults(...), api.defects(...)

From a shell: python -m sandbox.binance --help
"""

from sandbox.binance.config import (
    BinanceConfig,
    Limits,
    Neighbour,
    Outage,
    Restatement,
    ServedFile,
    StatusChange,
    SymbolConfig,
)
from sandbox.binance.running import RunningBinance, served

__all__ = [
    "BinanceConfig",
    "Limits",
    "Neighbour",
    "Outage",
    "Restatement",
    "RunningBinance",
    "ServedFile",
    "StatusChange",
    "SymbolConfig",
    "served",
]

"""The 24 hours until now: one record of ticker/24hr."""

from typing import Any

from sandbox.binance.encode import decimal
from sandbox.binance.history import History, Window
from sandbox.binance.intervals import QUARTER
from sandbox.binance.symbols import UNIT
from sandbox.binance.trades import Trades
from sandbox.smartpizza.times import DAY

_MINI = (
    *("symbol", "openPrice", "highPrice", "lowPrice", "lastPrice", "volume", "quoteVolume", "openTime"),
    *("closeTime", "firstId", "lastId", "count"),
)


def ticker(history: History, trades: Trades, now: int, *, mini: bool, microseconds: bool) -> dict[str, Any]:
    """Made of the quarters of an hour that opened within the last 24 hours, the open one included."""
    symbol = history.symbol
    _, tick, lot = symbol.steps
    candles = history.candles("15m", Window(now - DAY + 1, now, DAY // QUARTER), now)
    earlier = history.candles("15m", Window(None, now - DAY, 1), now)
    before = int(earlier.close[-1]) if earlier.size else 0
    some = candles.size > 0
    first, last = (int(candles.open[0]), int(candles.close[-1])) if some else (before, before)
    volume, quote = int(candles.volume.sum()) * lot, int(candles.quote.sum()) * symbol.quote_step
    count = int(candles.trades.sum())
    first_id = trades.trades_before(int(candles.open_at[0])) if count else -1
    scale = 1_000 if microseconds else 1
    found = {
        "symbol": symbol.name,
        "priceChange": decimal((last - first) * tick),
        "priceChangePercent": _percent(last - first, first),
        "weightedAvgPrice": decimal(quote * UNIT // volume if volume else 0),
        "prevClosePrice": decimal(before * tick),
        "lastPrice": decimal(last * tick),
        "lastQty": decimal(lot if count else 0),
        "bidPrice": decimal(max(0, last - 1) * tick),
        "bidQty": decimal(3 * lot if count else 0),
        "askPrice": decimal((last + 1) * tick if some else 0),
        "askQty": decimal(2 * lot if count else 0),
        "openPrice": decimal(first * tick),
        "highPrice": decimal((int(candles.high.max()) if some else before) * tick),
        "lowPrice": decimal((int(candles.low.min()) if some else before) * tick),
        "volume": decimal(volume),
        "quoteVolume": decimal(quote),
        "openTime": (now - DAY) * scale,
        "closeTime": now * scale,
        "firstId": first_id,
        "lastId": first_id + count - 1 if count else -1,
        "count": count,
    }
    return {name: found[name] for name in _MINI} if mini else found


def _percent(change: int, of: int) -> str:
    """With three places, as in -95.960."""
    thousandths = abs(change) * 100_000 // of if of else 0
    return f"{'-' if change < 0 else ''}{thousandths // 1000}.{thousandths % 1000:03d}"

"""The body of exchangeInfo, whose fields grow in number with the years."""

from collections.abc import Iterable
from typing import Any

from sandbox.binance.config import BinanceConfig, milliseconds
from sandbox.binance.encode import decimal
from sandbox.binance.history import History
from sandbox.binance.symbols import UNIT

_ORDER_TYPES = (
    *("LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"),
)
PERMISSIONS = ("SPOT", "MARGIN")


def exchange_info(
    config: BinanceConfig,
    histories: Iterable[History],
    now: int,
    *,
    permission_sets: bool,
    microseconds: bool,
) -> dict[str, Any]:
    """The exchange and these symbols at `now`; `permission_sets` says whether to fill them."""
    limits = config.limits
    return {
        "timezone": "UTC",
        "serverTime": now * (1_000 if microseconds else 1),
        "rateLimits": [
            _limit("REQUEST_WEIGHT", "MINUTE", 1, limits.weight_per_minute),
            _limit("ORDERS", "SECOND", 10, 100),
            _limit("ORDERS", "DAY", 1, 200_000),
            _limit("RAW_REQUESTS", "MINUTE", 5, limits.requests_per_5_minutes),
        ],
        "exchangeFilters": [],
        "symbols": [_symbol(config, history, now, permission_sets) for history in histories],
    }


def _limit(kind: str, interval: str, number: int, limit: int) -> dict[str, Any]:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}


def _symbol(config: BinanceConfig, history: History, now: int, permission_sets: bool) -> dict[str, Any]:
    base, quote = history.symbol.assets
    there = {name for name, since in config.fields.items() if milliseconds(since) <= now}
    in_sets = "permissionSets" in there
    sets = {"permissionSets": [list(PERMISSIONS)] if permission_sets else []} if in_sets else {}
    return {
        "symbol": history.symbol.name,
        "status": history.calendar.status(now),
        "baseAsset": base,
        "baseAssetPrecision": 8,
        "quoteAsset": quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": list(_ORDER_TYPES),
        "icebergAllowed": True,
        "ocoAllowed": True,
        **{name: True for name in config.fields if name in there and name != "permissionSets"},
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": True,
        "filters": _filters(history),
        "permissions": [] if in_sets else list(PERMISSIONS),
        **sets,
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"],
    }


def _filters(history: History) -> list[dict[str, Any]]:
    _, tick, lot = history.symbol.steps
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": decimal(tick),
            "maxPrice": decimal(1_000_000 * UNIT),
            "tickSize": decimal(tick),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": decimal(lot),
            "maxQty": decimal(9_000 * UNIT),
            "stepSize": decimal(lot),
        },
        {"filterType": "ICEBERG_PARTS", "limit": 10},
        {
            "filterType": "NOTIONAL",
            "minNotional": decimal(5 * UNIT),
            "applyMinToMarket": True,
            "maxNotional": decimal(9_000_000 * UNIT),
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
    ]

"""The endpoints: what each costs, and what it answers."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from sandbox.binance import refusals
from sandbox.binance.exchange_info import PERMISSIONS, exchange_info
from sandbox.binance.market import Market
from sandbox.binance.query import Query
from sandbox.binance.refusals import RefusedError
from sandbox.binance.tickers import ticker

Pairs = list[tuple[str, str]]

_STATUSES = ("TRADING", "HALT", "BREAK")


class Answer(NamedTuple):
    """A body, what it is counted as, and how many records it holds."""

    body: bytes
    stream: str
    records: int


class Call(NamedTuple):
    """A request: its parameters, the instant (milliseconds) it is answered for, the unit of times in the answer."""

    pairs: Pairs
    now: int
    microseconds: bool = False


def weight(path: str, pairs: Pairs) -> int:
    """What a request costs."""
    if path != "/api/v3/ticker/24hr":
        return _WEIGHTS.get(path, 1)
    given = dict(pairs)
    if "symbol" in given:
        return 2
    count = given["symbols"].count(",") + 1 if "symbols" in given else 101
    return 2 if count <= 20 else 40 if count <= 100 else 80


def answer(market: Market, path: str, call: Call) -> Answer | None:
    """The answer to a request, None where there is no such path. Raises RefusedError."""
    endpoint = _ENDPOINTS.get(path)
    return None if endpoint is None else endpoint(market, call)


def _ping(_market: Market, call: Call) -> Answer:
    Query(call.pairs, ())
    return Answer(b"{}", "ping", 0)


def _time(_market: Market, call: Call) -> Answer:
    Query(call.pairs, ())
    now = call.now * (1_000 if call.microseconds else 1)
    return Answer(msgspec.json.encode({"serverTime": now}), "time", 0)


def _exchange_info(market: Market, call: Call) -> Answer:
    query = Query(call.pairs, ("symbol", "symbols", "permissions", "showPermissionSets", "symbolStatus"))
    names, status, permissions = query.symbols(), _status(query), query.text("permissions")
    if names is not None and (status is not None or permissions is not None):
        raise RefusedError(*refusals.BAD_COMBINATION)
    chosen = market.known(call.now) if names is None else [market.history(name, call.now) for name in names]
    if status is not None:
        chosen = [history for history in chosen if history.calendar.status(call.now) == status]
    if permissions is not None and not any(permission in permissions for permission in PERMISSIONS):
        chosen = []
    shown = query.flag("showPermissionSets", default=True)
    body = exchange_info(
        market.config, chosen, call.now, permission_sets=shown, microseconds=call.microseconds
    )
    return Answer(msgspec.json.encode(body), "symbols", len(chosen))


def _klines(market: Market, call: Call) -> Answer:
    query = Query(call.pairs, ("symbol", "interval", "startTime", "endTime", "timeZone", "limit"))
    symbol, interval = query.symbol(), query.interval()
    window, zone = query.window(market.config.over_limit), query.zone()
    body, count = market.klines(symbol, interval, window, call.now, zone=zone, microseconds=call.microseconds)
    return Answer(body, f"klines/{symbol}/{interval}", count)


def _agg_trades(market: Market, call: Call) -> Answer:
    query = Query(call.pairs, ("symbol", "fromId", "startTime", "endTime", "limit"))
    symbol, from_id = query.symbol(), query.number("fromId")
    window = query.window(market.config.over_limit)
    if from_id is not None and (window.start is not None or window.end is not None):
        raise RefusedError(*refusals.BAD_COMBINATION)
    trades = market.trades(symbol, call.now).page(from_id, window, call.now, microseconds=call.microseconds)
    return Answer(msgspec.json.encode(trades), f"agg_trades/{symbol}", len(trades))


def _tickers(market: Market, call: Call) -> Answer:
    query = Query(call.pairs, ("symbol", "symbols", "type", "symbolStatus"))
    names, status, kind = query.symbols(), _status(query), query.text("type")
    if kind not in (None, "FULL", "MINI"):
        raise RefusedError(*refusals.BAD_TICKER_TYPE)
    chosen = market.known(call.now) if names is None else [market.history(name, call.now) for name in names]
    fitting = [history for history in chosen if status in (None, history.calendar.status(call.now))]
    if query.text("symbol") is not None and not fitting:
        raise RefusedError(*refusals.OTHER_STATUS)
    found = [
        ticker(
            history,
            market.trades(history.symbol.name, call.now),
            call.now,
            mini=kind == "MINI",
            microseconds=call.microseconds,
        )
        for history in fitting
    ]
    # The shape differs: an object for `symbol`, an array for anything else.
    return Answer(
        msgspec.json.encode(found[0] if query.text("symbol") is not None else found), "tickers", len(found)
    )


def _status(query: Query) -> str | None:
    status = query.text("symbolStatus")
    if status is not None and status not in _STATUSES:
        raise RefusedError(*refusals.BAD_STATUS)
    return status


_WEIGHTS = {"/api/v3/exchangeInfo": 20, "/api/v3/klines": 2, "/api/v3/aggTrades": 4}
_ENDPOINTS: dict[str, Callable[[Market, Call], Answer]] = {
    "/api/v3/ping": _ping,
    "/api/v3/time": _time,
    "/api/v3/exchangeInfo": _exchange_info,
    "/api/v3/klines": _klines,
    "/api/v3/aggTrades": _agg_trades,
    "/api/v3/ticker/24hr": _tickers,
}

"""A Binance at the transport: candles, trades and symbols that tests prepare, served by the API's documented rules."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx

from tests.extract.fake_api import answer

Answer = Callable[[httpx.Request], httpx.Response]
NOW = datetime(2026, 3, 16, 12, 7, 30, tzinfo=UTC)
STEPS = {"1m": 60_000, "15m": 900_000, "1h": 3_600_000}


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def candle(
    opened: int, step: int = 900_000, close: str = "70180.55000000", volume: str = "1.50000000"
) -> list[Any]:
    """A candle of 12 fields that opens at epoch ms `opened`."""
    return [
        opened, "70112.34000000", "70250.00000000", "70001.10000000", close, volume,
        opened + step - 1, "105270.82500000", 12, "0.70000000", "49126.38500000", "0",
    ]  # fmt: skip


def candles(until: datetime, count: int, step: int = 900_000) -> list[list[Any]]:
    """The `count` candles up to the one that is open at `until`, oldest first."""
    last = ms(until) // step * step
    return [candle(last - back * step, step) for back in range(count - 1, -1, -1)]


def trade(number: int, moment: int) -> dict[str, Any]:
    return {
        "a": number,
        "p": "70180.55",
        "q": "0.001",
        "f": number,
        "l": number,
        "T": moment,
        "m": True,
        "M": True,
    }


class BinanceApi(httpx.BaseTransport):
    """Serves `klines` ("BTCUSDT/15m" -> candles), `trades` (symbol -> trades) and `statuses` (symbol -> status).

    `planned` answers, by a word of the URL, come first, one a request. Requests are written down; `used` is what
    the weight header tells.
    """

    def __init__(self, *symbols: str) -> None:
        self.now = NOW
        self.statuses = dict.fromkeys(symbols or ("BTCUSDT", "ETHUSDT"), "TRADING")
        self.klines: dict[str, list[list[Any]]] = {}
        self.trades: dict[str, list[dict[str, Any]]] = {}
        self.planned: list[tuple[str, Answer]] = []
        self.requests: list[httpx.Request] = []
        self.used = 0

    def asked(self, path: str) -> list[dict[str, str]]:
        """The queries of all requests for `path`."""
        return [dict(each.url.params) for each in self.requests if each.url.path == f"/api/v3/{path}"]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        for place, (word, planned) in enumerate(self.planned):
            if word in str(request.url):
                del self.planned[place]
                return planned(request)
        query = dict(request.url.params)
        handlers = {
            "time": self._time,
            "exchangeInfo": self._exchange_info,
            "ticker/24hr": self._tickers,
            "klines": self._klines,
            "aggTrades": self._agg_trades,
        }
        return handlers[request.url.path.removeprefix("/api/v3/")](query)

    def refuse(self, code: int, message: str) -> httpx.Response:
        return self.reply({"code": code, "msg": message}, status=400)

    def reply(self, body: Any, status: int = 200, **headers: str) -> httpx.Response:
        date = format_datetime(self.now.replace(microsecond=0), usegmt=True)
        known = {"date": date, "x_mbx_used_weight_1m": str(self.used)}
        return answer(json.dumps(body).encode(), status, **known | headers)

    def _time(self, _: dict[str, str]) -> httpx.Response:
        return self.reply({"serverTime": ms(self.now)})

    def _exchange_info(self, query: dict[str, str]) -> httpx.Response:
        asked = json.loads(query["symbols"])
        if set(asked) - set(self.statuses):
            return self.refuse(-1121, "Invalid symbol.")
        listed = [{"symbol": name, "status": self.statuses[name], "baseAsset": name[:3]} for name in asked]
        return self.reply(
            {"timezone": "UTC", "serverTime": ms(self.now), "rateLimits": [], "symbols": listed}
        )

    def _tickers(self, query: dict[str, str]) -> httpx.Response:
        return self.reply([{"symbol": name, "lastPrice": "1.0"} for name in json.loads(query["symbols"])])

    def _klines(self, query: dict[str, str]) -> httpx.Response:
        served = self.klines.get(f"{query['symbol']}/{query['interval']}", [])
        low, high = int(query.get("startTime", 0)), int(query.get("endTime", 10**15))
        found = [each for each in served if low <= each[0] <= high]
        limit = int(query.get("limit", 500))
        assert limit <= 1000
        return self.reply(found[:limit] if "startTime" in query else found[-limit:])

    def _agg_trades(self, query: dict[str, str]) -> httpx.Response:
        served = self.trades.get(query["symbol"], [])
        assert not {"fromId", "startTime"} <= set(query), "the API takes one of them"
        first, low = int(query.get("fromId", 0)), int(query.get("startTime", 0))
        found = [each for each in served if each["a"] >= first and each["T"] >= low]
        return self.reply(found[: int(query.get("limit", 500))])


def at(moment: str) -> int:
    """Epoch ms of an RFC 3339 time."""
    return ms(datetime.fromisoformat(moment))


def ago(**span: float) -> int:
    return ms(NOW - timedelta(**span))

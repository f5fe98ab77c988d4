"""The simulated Binance over HTTP: shapes, weights, headers, and every refusal in the API's own words."""

import email.utils
import json
from collections.abc import Iterator

import httpx
import pytest

from sandbox.binance import BinanceConfig, RunningBinance, StatusChange, SymbolConfig
from sandbox.binance.config import FIELDS, milliseconds
from sandbox.binance.market import Market
from sandbox.binance.query import Query
from tests.sandbox.binance_rows import at, moment

NOW = at("2026-03-30T00:00")
KLINES = "/api/v3/klines?symbol=BTCUSDT&interval=15m"
SYMBOL = "^[A-Z0-9-_.]{1,20}$"
SYMBOLS = '^\\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\\]$'


@pytest.fixture(scope="module")
def client(binance_api: RunningBinance) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=binance_api.url, trust_env=False) as client:
        yield client


def test_time_ping_and_the_date_header_follow_another_clock(client: httpx.Client) -> None:
    assert client.get("/api/v3/ping").json() == {}
    answer = client.get("/api/v3/time")
    assert answer.json() == {"serverTime": NOW}
    assert email.utils.parsedate_to_datetime(answer.headers["date"]).timestamp() * 1000 == NOW


def test_a_candle_has_another_shape(client: httpx.Client) -> None:
    rows = client.get(KLINES + "&limit=2").json()
    assert [[type(field) for field in row] for row in rows] == [
        [int, str, str, str, str, str, int, str, int, str, str, str]
    ] * 2
    assert [row[0] for row in rows] == [NOW - 900_000, NOW]
    assert [row[6] for row in rows] == [NOW - 1, NOW + 899_999]
    assert rows[-1][11] == "0"


def test_without_a_limit_there_are_not_500(client: httpx.Client) -> None:
    assert len(client.get(KLINES).json()) == 500
    assert len(client.get(KLINES + "&limit=1000").json()) == 1000
    assert len(client.get("/api/v3/aggTrades?symbol=BTCUSDT").json()) == 500


def test_a_minute_is_taken_for_a_month(client: httpx.Client) -> None:
    minute, month = (
        client.get(f"/api/v3/klines?symbol=BTCUSDT&interval={name}&limit=1").json()[0]
        for name in ("1m", "1M")
    )
    assert minute[6] - minute[0] == 59_999
    assert month[6] - month[0] == 31 * 86_400_000 - 1


def test_microseconds_are_not_told_apart(client: httpx.Client) -> None:
    header = {"X-MBX-TIME-UNIT": "microsecond"}
    plain = client.get(KLINES + "&limit=3").json()
    fine = client.get(KLINES + "&limit=3", headers=header).json()
    assert [[row[0] // 1000, *row[1:6], row[6] // 1000, *row[7:]] for row in fine] == plain
    assert [row[6] % 1000 for row in fine] == [999] * 3
    start = plain[1][0]
    assert (
        client.get(KLINES + f"&startTime={start}000").json()
        == client.get(KLINES + f"&startTime={start}").json()
    )
    assert client.get("/api/v3/time", headers=header).json() == {"serverTime": NOW * 1000}
    assert client.get("/api/v3/time", headers={"X-MBX-TIME-UNIT": "hours"}).json()["code"] == -1194


def test_one_symbol_is_an_array_or_several_are_an_object(client: httpx.Client) -> None:
    one = client.get("/api/v3/ticker/24hr?symbol=BTCUSDT").json()
    assert set(one) == {
        "symbol", "priceChange", "priceChangePercent", "weightedAvgPrice", "prevClosePrice", "lastPrice", "lastQty",
        "bidPrice", "bidQty", "askPrice", "askQty", "openPrice", "highPrice", "lowPrice", "volume", "quoteVolume",
        "openTime", "closeTime", "firstId", "lastId", "count",
    }  # fmt: skip
    assert one["count"] == one["lastId"] - one["firstId"] + 1
    assert client.get('/api/v3/ticker/24hr?symbols=["BTCUSDT"]').json() == [one]
    assert [found["symbol"] for found in client.get("/api/v3/ticker/24hr").json()] == ["BTCUSDT", "ETHUSDT"]
    mini = client.get("/api/v3/ticker/24hr?symbol=BTCUSDT&type=MINI").json()
    assert mini == {name: one[name] for name in mini}
    assert "bidPrice" not in mini


@pytest.mark.parametrize(
    ("path", "weight"),
    [
        ("/api/v3/ping", 1),
        ("/api/v3/time", 1),
        ("/api/v3/exchangeInfo", 20),
        (KLINES, 2),
        ("/api/v3/aggTrades?symbol=BTCUSDT", 4),
        ("/api/v3/ticker/24hr?symbol=BTCUSDT", 2),
        ('/api/v3/ticker/24hr?symbols=["BTCUSDT","ETHUSDT"]', 2),
        (f"/api/v3/ticker/24hr?symbols={json.dumps([f'A{n}' for n in range(20)], separators=(',', ':'))}", 2),
        (
            f"/api/v3/ticker/24hr?symbols={json.dumps([f'A{n}' for n in range(21)], separators=(',', ':'))}",
            40,
        ),
        (
            f"/api/v3/ticker/24hr?symbols={json.dumps([f'A{n}' for n in range(101)], separators=(',', ':'))}",
            80,
        ),
        ("/api/v3/ticker/24hr", 80),
        ("/api/v3/klines?symbol=NONE&interval=1m", 2),
    ],
)
def test_a_request_costs_something_else(client: httpx.Client, path: str, weight: int) -> None:
    used = [int(client.get(asked).headers["X-MBX-USED-WEIGHT-1M"]) for asked in ("/api/v3/ping", path)]
    assert used[1] - used[0] == weight
    answer = client.get("/api/v3/ping")
    assert answer.headers["X-MBX-USED-WEIGHT"] == answer.headers["X-MBX-USED-WEIGHT-1M"]


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("klines?interval=1m", -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."),
        ("klines?symbol=BTCUSDT", -1102, "Mandatory parameter 'interval' was not sent, was empty/null, or malformed."),
        ("klines?symbol=&interval=1m", -1105, "Parameter 'symbol' was empty."),
        ("klines?symbol=BTCEUR&interval=1m", -1121, "Invalid symbol."),
        ("klines?symbol=BTCUSDT&interval=1H", -1120, "Invalid interval."),
        ("klines?symbol=BTCUSDT&interval=1mo", -1120, "Invalid interval."),
        ("klines?symbol=btcusdt&interval=1m", -1100,
         f"Illegal characters found in parameter 'symbol'; legal range is '{SYMBOL}'."),
        ("klines?symbol=BTCUSDT&interval=1m&startTime=2024-01-01", -1100,
         "Illegal characters found in parameter 'startTime'; legal range is '^[0-9]{1,20}$'."),
        ("klines?symbol=BTCUSDT&interval=1m&limit=1001", -1130, "Data sent for parameter 'limit' is not valid."),
        ("klines?symbol=BTCUSDT&interval=1m&limit=0", -1130, "Data sent for parameter 'limit' is not valid."),
        ("klines?symbol=BTCUSDT&interval=1m&timeZone=15", -1130, "Data sent for parameter 'timeZone' is not valid."),
        ("klines?symbol=BTCUSDT&interval=1m&size=3", -1104,
         "Not all sent parameters were read; read '2' parameter(s) but was sent '3'."),
        ("klines?symbol=BTCUSDT&symbol=BTCUSDT&interval=1m", -1101, "Duplicate values for a parameter detected."),
        ("ping?a=1", -1101, "Too many parameters; expected '0' and received '1'."),
        ('exchangeInfo?symbol=BTCUSDT&symbols=["BTCUSDT"]', -1128, "Combination of optional parameters invalid."),
        ('ticker/24hr?symbol=BTCUSDT&symbols=["BTCUSDT"]', -1128, "Combination of optional parameters invalid."),
        ("exchangeInfo?symbol=BTCUSDT&symbolStatus=TRADING", -1128, "Combination of optional parameters invalid."),
        ("exchangeInfo?symbolStatus=SLEEPING", -1122, "Invalid symbolStatus."),
        ('exchangeInfo?symbols=["BTCUSDT","NOPE"]', -1121, "Invalid symbol."),
        ("exchangeInfo?symbols=[]", -1105, "Parameter 'symbols' was empty."),
        ("exchangeInfo?symbols=BTCUSDT", -1100,
         f"Illegal characters found in parameter 'symbols'; legal range is '{SYMBOLS}'."),
        ('ticker/24hr?symbols=["BTCUSDT","BTCUSDT"]', -1151, "Symbol is present multiple times in the list."),
        ("ticker/24hr?type=TINY", -1139, "Invalid ticker type."),
        ("ticker/24hr?symbol=BTCUSDT&symbolStatus=HALT", -1220,
         "The symbol's status does not match the requested symbolStatus."),
        ("aggTrades?symbol=BTCUSDT&fromId=1&startTime=1", -1128, "Combination of optional parameters invalid."),
    ],
)  # fmt: skip
def test_a_refusal_has_other_words(client: httpx.Client, path: str, code: int, message: str) -> None:
    answer = client.get(f"/api/v3/{path}")
    assert (answer.status_code, answer.json()) == (400, {"code": code, "msg": message})
    assert answer.headers["content-type"].startswith("application/json")


def test_a_path_that_is_not_there_is_json_or_free(client: httpx.Client) -> None:
    answer = client.get("/api/v3/depths")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html")
    assert "X-MBX-USED-WEIGHT-1M" in answer.headers


def test_a_limit_over_1000_cannot_be_clamped() -> None:
    query = Query([("limit", "5000")], ("limit",))
    assert query.window("clamp").limit == 1000


def test_exchange_info_hides_symbols_and_their_rules(client: httpx.Client) -> None:
    body = client.get("/api/v3/exchangeInfo").json()
    assert list(body) == ["timezone", "serverTime", "rateLimits", "exchangeFilters", "symbols"]
    assert [symbol["symbol"] for symbol in body["symbols"]] == ["BTCUSDT", "ETHUSDT"]
    bitcoin = body["symbols"][0]
    assert (bitcoin["baseAsset"], bitcoin["quoteAsset"], bitcoin["status"]) == ("BTC", "USDT", "TRADING")
    assert {kind["filterType"] for kind in bitcoin["filters"]} >= {"PRICE_FILTER", "LOT_SIZE", "NOTIONAL"}
    assert bitcoin["permissionSets"] == [["SPOT", "MARGIN"]]
    shown = client.get("/api/v3/exchangeInfo?symbol=ETHUSDT&showPermissionSets=false").json()["symbols"]
    assert [(symbol["symbol"], symbol["permissionSets"]) for symbol in shown] == [("ETHUSDT", [])]
    assert client.get("/api/v3/exchangeInfo?permissions=LEVERAGED").json()["symbols"] == []


def test_a_new_field_of_exchange_info_is_there_too_early_or_too_late(binance_fresh: RunningBinance) -> None:
    client = httpx.Client(base_url=binance_fresh.url, trust_env=False)
    binance_fresh.change(
        fields={"permissionSets": moment("2026-03-31T00:00"), "opoAllowed": moment("2026-04-01T00:00")}
    )
    seen = []
    for _ in range(3):
        symbol = client.get("/api/v3/exchangeInfo?symbol=BTCUSDT").json()["symbols"][0]
        seen.append((symbol["permissions"], symbol.get("permissionSets"), symbol.get("opoAllowed")))
        binance_fresh.advance(days=1)
    both = ["SPOT", "MARGIN"]
    assert seen == [(both, None, None), ([], [both], None), ([], [both], True)]


def test_the_real_fields_came_in_another_order() -> None:
    assert sorted(FIELDS.values()) == list(FIELDS.values())
    assert milliseconds(FIELDS["amendAllowed"]) == at("2025-04-24T07:00")


def test_a_symbol_is_known_before_its_listing_or_after_its_end() -> None:
    config = BinanceConfig(
        symbols=(
            SymbolConfig(
                name="ABCUSDT",
                listed_at=moment("2026-01-02T10:00"),
                delisted_at=moment("2026-01-09T00:00"),
                statuses=(StatusChange(at=moment("2026-01-08T03:00:10"), status="BREAK"),),
            ),
        )
    )
    market = Market(config)
    known = [bool(market.known(at(f"2026-01-{day:02}T12:00"))) for day in (1, 2, 8, 9)]
    assert known == [False, True, True, False]
    assert market.histories["ABCUSDT"].calendar.status(at("2026-01-08T03:00:11")) == "BREAK"

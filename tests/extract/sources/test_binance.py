"""Binance as it is declared: which pages are asked for, and what comes of gaps, restatements and trades."""

import json

from extract.errors import Exit
from tests.extract.binance_api import NOW, BinanceApi, ago, at, candle, candles, trade
from tests.extract.sources.conftest import KLINES, Rows, Run, opened


def test_a_candle_is_shaped_or_its_server_time_is_guessed(binance: Run, rows: Rows) -> None:
    api = BinanceApi()
    api.klines["BTCUSDT/15m"] = candles(NOW, 3)
    assert (result := binance(api)).exit_code == Exit.DONE, result.error
    assert [row[4] for row in rows(KLINES)] == api.klines["BTCUSDT/15m"]
    served = rows("select distinct served_at::text, context from raw.binance__klines")
    assert served == [("2026-03-16 12:07:30+00", {"symbol": "BTCUSDT", "interval": "15m"})]


def test_pages_overlap_or_leave_a_hole(binance: Run, rows: Rows) -> None:
    api = BinanceApi()
    api.klines["BTCUSDT/15m"] = candles(NOW, 30)
    assert binance(api, page_size=10).exit_code == Exit.DONE
    assert opened(rows) == [each[0] for each in api.klines["BTCUSDT/15m"]]
    asked = api.asked("klines")
    assert [int(each["startTime"]) for each in asked[1:]] == [opened(rows)[end] + 1 for end in (9, 19, 29)]
    assert all("endTime" not in each and each["limit"] == "10" for each in asked)


def test_an_increment_asks_for_more_than_a_page_or_misses_what_changed(binance: Run, rows: Rows) -> None:
    """The open candle comes again when it has closed, and so does a closed one that is restated."""
    api = BinanceApi("BTCUSDT", "ETHUSDT")
    both = {"symbols": ("BTCUSDT", "ETHUSDT"), "start": "2026-01-01"}
    for symbol in both["symbols"]:
        api.klines[f"{symbol}/15m"] = candles(NOW, 2_500)
    assert binance(api, **both).exit_code == Exit.DONE
    before, api.requests = len(opened(rows)), []
    history = api.klines["BTCUSDT/15m"]
    history[-1] = candle(history[-1][0], volume="99.00000000")
    history[-5] = candle(history[-5][0], volume="1063.58700000")
    was_open, restated = history[-1][0], history[-5][0]
    history.append(candle(was_open + 900_000))
    assert (result := binance(api, **both)).exit_code == Exit.DONE, result.error
    assert len(api.asked("klines")) == 2
    assert int(api.asked("klines")[0]["startTime"]) == was_open - 180 * 60_000
    assert opened(rows)[before:] == [each[0] for each in history[-14:]]
    again = {row[2]: row[3] for row in rows(KLINES) if row[0] == "BTCUSDT"}
    assert (again[was_open], again[restated]) == ("99.00000000", "1063.58700000")
    assert again[history[-1][0]] == "1.50000000"


def test_a_minute_and_a_month_share_a_cursor(binance: Run, rows: Rows) -> None:
    api = BinanceApi()
    api.klines["BTCUSDT/1m"] = candles(NOW, 5, step=60_000)
    api.klines["BTCUSDT/1M"] = [candle(at("2026-02-01T00:00:00Z")), candle(at("2026-03-01T00:00:00Z"))]
    intervals = {"intervals": ("1m", "1M"), "start": "2026-01-01"}
    assert binance(api, **intervals).exit_code == Exit.DONE
    assert (len(opened(rows, interval="1m")), len(opened(rows, interval="1M"))) == (5, 2)
    assert rows("select shard, watermark #>> '{}' from ops.cursors order by shard") == [
        ("BTCUSDT/1M", str(at("2026-03-01T00:00:00Z"))),
        ("BTCUSDT/1m", str(api.klines["BTCUSDT/1m"][-1][0])),
    ]
    api.requests = []
    binance(api, **intervals)
    months = next(each for each in api.asked("klines") if each["interval"] == "1M")
    assert int(months["startTime"]) <= at("2026-02-01T00:00:00Z"), "a closed month would never come again"


def test_gaps_and_candles_off_the_grid_stop_the_walk(binance: Run, rows: Rows) -> None:
    """As after the outage of 2018-02-08: 32 hours of nothing, then candles that open at hh:28:14.789."""
    api = BinanceApi()
    grid = [at("2018-02-07T23:00:00Z") + hour * 3_600_000 for hour in range(3)]
    odd = [at("2018-02-09T09:28:14.789Z") + hour * 3_600_000 for hour in range(5)]
    api.klines["BTCUSDT/1h"] = [candle(each, 3_600_000) for each in grid + odd]
    section = {"intervals": ("1h",), "start": "2018-02-01", "page_size": 2}
    assert binance(api, **section).exit_code == Exit.DONE
    assert opened(rows, interval="1h") == grid + odd


def test_a_symbol_without_candles_is_an_error_or_never_asked_for_again(binance: Run, rows: Rows) -> None:
    api = BinanceApi()
    assert binance(api).exit_code == Exit.DONE
    assert rows("select status, records from ops.sweeps") == [("finished", 0)]
    api.klines["BTCUSDT/15m"] = candles(NOW, 4)
    assert binance(api).exit_code == Exit.DONE
    assert len(opened(rows)) == 4, "it was listed later than the first run"


def test_trades_are_asked_for_by_time_again_or_by_both(binance: Run, rows: Rows) -> None:
    """By time until a first id is known, then by id: trades share milliseconds, which time would cut."""
    api = BinanceApi()
    since = {"agg_trades": ("BTCUSDT",), "agg_trades_start": "2026-03-16T10:00:00Z", "page_size": 10}
    api.trades["BTCUSDT"] = [trade(1, ago(hours=9))]
    assert binance(api, "agg_trades", **since).exit_code == Exit.DONE
    assert rows("select count(*) from ops.cursors") == [(0,)], "no trade since then: it stays at its start"
    api.trades["BTCUSDT"] += [trade(number, ago(hours=1)) for number in range(100, 125)]
    assert binance(api, "agg_trades", **since).exit_code == Exit.DONE
    ids = "select (record ->> 'a')::int from raw.binance__agg_trades order by load_id, load_position"
    assert [row[0] for row in rows(ids)] == list(range(100, 125))
    first = {"startTime": str(at("2026-03-16T10:00:00Z"))}
    rest = {"symbol": "BTCUSDT", "limit": "10"}
    assert api.asked("aggTrades") == [first | rest] * 2 + [{"fromId": each} | rest for each in ("110", "120")]
    api.requests = []
    assert binance(api, "agg_trades", **since).exit_code == Exit.DONE
    assert api.asked("aggTrades") == [{"fromId": "124"} | rest]


def test_symbols_and_tickers_are_read_in_pages(binance: Run, rows: Rows) -> None:
    api = BinanceApi("BTCUSDT", "ETHUSDT")
    both = {"symbols": ("BTCUSDT",), "agg_trades": ("ETHUSDT",), "agg_trades_start": "2026-03-16"}
    assert binance(api, "symbols", "tickers", **both).exit_code == Exit.DONE
    assert rows("select record ->> 'symbol', context from raw.binance__symbols order by 1") == [
        ("BTCUSDT", None), ("ETHUSDT", None)
    ]  # fmt: skip
    assert rows("select record ->> 'symbol' from raw.binance__tickers") == [("BTCUSDT",)]
    assert api.asked("ticker/24hr") == [{"symbols": '["BTCUSDT"]'}]


def test_raw_keeps_a_candle_as_numbers(binance: Run, rows: Rows) -> None:
    """Prices are texts with all their decimals; a number would come back without the zeros or rounded."""
    api = BinanceApi()
    api.klines["BTCUSDT/15m"] = [candle(ago(hours=1), close="0.10000000")]
    binance(api)
    kinds = "jsonb_typeof(record -> 4), jsonb_array_length(record)"
    assert rows(f"select record ->> 4, {kinds} from raw.binance__klines") == [("0.10000000", "string", 12)]
    assert json.dumps(rows(KLINES)[0][4]) == json.dumps(api.klines["BTCUSDT/15m"][0])

"""Before a run: clocks, symbols, the weight that is used; and settings that make no sense. Refused in one line."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from extract.check import check_all
from extract.errors import Exit
from tests.extract.binance_api import NOW, BinanceApi, candles
from tests.extract.conftest import Command
from tests.extract.fake_api import answer
from tests.extract.sources.conftest import BINANCE, Rows, Run, settings_with

NOTHING_WRITTEN = [(0, 0, 0, 1)]
WRITTEN = """
    select (select count(*) from ops.sweeps), (select count(*) from ops.loads), (select count(*) from ops.stream_parts),
        (select count(*) from ops.runs where status = 'failed' and exit_code = 2)
"""


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_is_off_decides_what_is_closed(hours: int, binance: Run, rows: Rows) -> None:
    api = BinanceApi()
    api.now = datetime.now(UTC) + timedelta(hours=hours)
    result = binance(api, max_skew_seconds=30)
    assert result.exit_code == Exit.CONFIGURATION
    assert f"the API's clock says {api.now:%Y-%m-%dT%H:%M}" in str(result.error)
    assert f"this machine's {datetime.now(UTC):%Y-%m-%dT%H}" in str(result.error)
    assert "more than max_skew_seconds = 30" in str(result.error)
    assert api.asked("klines") == []
    assert rows(WRITTEN) == NOTHING_WRITTEN


def test_one_slow_answer_passes_for_a_clock_that_is_off(binance: Run) -> None:
    api = BinanceApi()
    api.now = datetime.now(UTC)
    late = json.dumps({"serverTime": int(api.now.timestamp() * 1000) - 40_000}).encode()
    api.planned = [("/time", lambda _: answer(late))]
    assert binance(api, max_skew_seconds=30).exit_code == Exit.DONE


def test_a_symbol_that_does_not_exist_is_an_empty_list(binance: Run, rows: Rows) -> None:
    """The API refuses all for one; which it is, is found by halving, and told in its own words."""
    names = tuple(f"S{number}USDT" for number in range(16))
    api = BinanceApi(*names)
    del api.statuses["S11USDT"]
    result = binance(api, symbols=names)
    assert result.exit_code == Exit.CONFIGURATION
    assert "symbol S11USDT in [sources.binance] does not exist" in str(result.error)
    assert str(result.error).endswith("the API refused the request (400): Invalid symbol. (code -1121)")
    assert len(api.asked("exchangeInfo")) == 9
    assert api.asked("klines") == []
    assert rows(WRITTEN) == NOTHING_WRITTEN


def test_a_symbol_that_the_list_lacks_is_not_missed(binance: Run) -> None:
    api = BinanceApi("BTCUSDT", "ETHUSDT")
    api.planned = [
        ("exchangeInfo", lambda _: api.reply({"symbols": [{"symbol": "BTCUSDT", "status": "TRADING"}]}))
    ]
    result = binance(api, symbols=("BTCUSDT", "ETHUSDT"))
    assert result.exit_code == Exit.CONFIGURATION
    assert "symbol ETHUSDT in [sources.binance] does not exist: the API's list lacks it" in str(result.error)


def test_a_symbol_that_rests_ends_the_run_or_is_not_told(
    binance: Run, rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its last candles would be lost otherwise."""
    api = BinanceApi("BTCUSDT", "LUNAUSDT")
    api.statuses["LUNAUSDT"] = "BREAK"
    api.klines["LUNAUSDT/15m"] = candles(NOW, 3)
    assert binance(api, symbols=("BTCUSDT", "LUNAUSDT")).exit_code == Exit.DONE
    assert rows("select count(*) from raw.binance__klines") == [(3,)]
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (rests,) = [event for event in events if event["event"] == "resting"]
    assert (rests["names"], rests["level"]) == ({"LUNAUSDT": "BREAK"}, "warning")


def test_a_backfill_skips_the_preflight(fill: Run) -> None:
    api = BinanceApi()
    result = fill(api, "2026-03-01", "2026-03-02", symbols=("NOPEUSDT",))
    assert result.exit_code == Exit.CONFIGURATION
    assert "symbol NOPEUSDT" in str(result.error)


def test_a_run_begins_though_the_minute_is_used_up(binance: Run) -> None:
    """The headers of the preflight's answers teach the budget before the first page."""
    api = BinanceApi()
    api.now = NOW.replace(second=58)
    api.used = 4_800
    result = binance(api)
    assert result.exit_code == Exit.DONE
    assert result.traffic.throttled_seconds > 1.5


@pytest.fixture
def _environment(elt_database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in elt_database.env("extractor").items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("_environment")
def test_a_check_says_too_little() -> None:
    api = BinanceApi("BTCUSDT", "LUNAUSDT")
    api.now = datetime.now(UTC)
    api.used, api.statuses["LUNAUSDT"] = 1_045, "HALT"
    settings = settings_with(symbols=("BTCUSDT", "LUNAUSDT"), max_skew_seconds=30)
    found = {each.subject: each.message for each in check_all(settings, [BINANCE], api)}
    assert found["binance credential"] == "none needed"
    told = r"reached http://api.test; clocks \d+\.\d s apart, 1,045 of 4,800 units used, LUNAUSDT rests: HALT"
    assert re.fullmatch(told, found["binance API"])
    api.statuses.clear()
    found = {each.subject: each.message for each in check_all(settings, [BINANCE], api)}
    assert "symbol BTCUSDT, LUNAUSDT in [sources.binance] does not exist" in found["binance API"]


@pytest.mark.usefixtures("_environment")
def test_a_check_calls_during_a_ban() -> None:
    api = BinanceApi()
    api.planned = [
        ("time", lambda _: api.reply({"code": -1003, "msg": "banned"}, status=418, retry_after="900"))
    ]
    settings = settings_with()
    for _ in range(2):
        *_, found = check_all(settings, [BINANCE], api)
        assert (found.subject, found.exit_code) == ("binance API", Exit.UNREACHABLE)
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("symbols = []", "sources.binance.symbols: "),
        ('symbols = ["BTCUSDT", "BTCUSDT"]', "'BTCUSDT' is named twice"),
        ('symbols = ["BTC USDT"]', "'BTC USDT' is no name"),
        ('intervals = ["15M"]', "'15M' is none of 1s, 1m, "),
        ('intervals = ["1min"]', "(1m is a minute, 1M a month)"),
        ("intervals = []", "sources.binance.intervals: "),
        ('start = "2126-01-01"', "2126-01-01T00:00:00.000Z lies in the future: it is 20"),
        ('start = "yesterday"', "'yesterday' is neither a date such as"),
        ('agg_trades = ["BTCUSDT"]', "agg_trades needs agg_trades_start as well"),
        ('agg_trades_start = "2126-01-01T00:00:00Z"', "agg_trades_start: "),
    ],
)
def test_settings_that_make_no_sense_reach_the_api(
    section: str, told: str, command: Command, elt_database: Any
) -> None:
    command.configure(f'[sources.binance]\nbase_url = "http://127.0.0.1:9"\n{section}\n')
    done = command.run("run", "binance")
    assert done.returncode == Exit.CONFIGURATION
    assert done.stderr.count("\n") == 1
    assert told in done.stderr
    with elt_database.connect("admin") as admin:
        assert admin.execute("select exit_code from ops.runs").fetchall() == [(2,)]


def test_a_backfill_from_the_future_is_planned(command: Command) -> None:
    command.configure('[sources.binance]\nbase_url = "http://127.0.0.1:9"\n')
    done = command.run("backfill", "binance", "--from", "2126-01-01", "--to", "2126-02-01", "--dry-run")
    assert done.returncode == Exit.CONFIGURATION
    assert "--from 2126-01-01T00:00:00.000Z lies in the future" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_stream_of_nothing_passes_for_one_that_is_read(command: Command) -> None:
    command.configure('[sources.binance]\nbase_url = "http://127.0.0.1:9"\n')
    done = command.run("run", "binance", "--stream", "agg_trades")
    assert done.returncode == Exit.CONFIGURATION
    assert "binance.agg_trades: [sources.binance] names nothing to read of it" in done.stderr


def test_a_dry_run_says_what_each_part_costs(command: Command) -> None:
    command.configure('[sources.binance]\nintervals = ["15m", "1d"]\n')
    done = command.run("backfill", "binance", "--from", "2020-01-01", "--to", "2021-01-01", "--dry-run")
    assert done.returncode == 0, done.stderr
    # Windows of 10,000 candles: four of 15 minutes and one of days for each of two symbols.
    assert "binance.klines: 10 windows, at least 10 requests" in done.stdout
    assert "binance.klines BTCUSDT/1d" in done.stdout

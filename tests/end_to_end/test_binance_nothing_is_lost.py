"""Kills, bans, a firewall and answers that are cut off, under a run that takes thousands of candles."""

import signal
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from extract.errors import Exit
from sandbox.binance import BinanceConfig, Limits, Neighbour, Outage
from tests.end_to_end.market import Market
from tests.end_to_end.warehouse import ROOT

SYMBOLS = ("BTCUSDT", "ETHUSDT", "BNBUSDT")
NOW = datetime(2026, 3, 30, 12, 7, tzinfo=UTC)
SINCE = NOW - timedelta(days=60)
OUTAGE = Outage(start=NOW - timedelta(days=20), end=(NOW - timedelta(days=19)).replace(minute=15))


def config(**fields: Any) -> BinanceConfig:
    return BinanceConfig(symbols=SYMBOLS, since=SINCE, now=NOW, outages=(OUTAGE,), **fields)


def market(market_of: Callable[..., Market], **fields: Any) -> Market:
    return market_of(config(**fields), symbols=SYMBOLS, start=SINCE.isoformat())


def assert_raw_is_what_was_served(market: Market) -> None:
    """Every candle of every symbol is in raw as the API sends it, in each sweep once; nothing is half done."""
    for symbol in SYMBOLS:
        raw = market.query(
            "select distinct record, (record ->> 0)::bigint as open_time from raw.binance__klines"
            " where context ->> 'symbol' = %s order by open_time",
            symbol,
        )
        assert [row[0] for row in raw] == market.api.klines(symbol, "15m")
    doubled = (
        "select count(*) - count(distinct (sweep_id, context, record)) from raw.binance__klines"
        " join ops.loads using (load_id)"
    )
    assert market.scalar(doubled) == 0
    assert market.scalar("select count(*) from ops.sweeps where status <> 'finished'") == 0
    assert market.scalar("select count(*) from ops.dead_letters") == 0


def test_a_kill_loses_or_doubles_candles(market_of: Callable[..., Market]) -> None:
    killed = market(market_of, delay_ms=150)
    killed.sections = "[load]\nmax_rows = 1000\n"
    for _ in range(4):
        run = subprocess.Popen(
            killed.command("run", "binance", "--stream", "klines"),
            env=killed.extract_env(),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        before = killed.scalar("select count(*) from ops.loads")
        while run.poll() is None and killed.scalar("select count(*) from ops.loads") == before:
            time.sleep(0.02)
        run.kill()
        assert run.wait() == -signal.SIGKILL
        killed.execute("update ops.leases set expires_at = clock_timestamp()")
    assert killed.scalar("select count(*) from ops.sweeps where status = 'running'") > 0
    killed.extract("run", "binance", "--stream", "klines")
    assert_raw_is_what_was_served(killed)


def test_a_ban_a_firewall_or_broken_answers_lose_candles_or_are_called_through(
    market_of: Callable[..., Market],
) -> None:
    # The clock runs, for a ban ends by the server's: 8 seconds, in the place of two minutes.
    troubled = market(market_of, rate=1.0)
    troubled.sections = "[http]\nbackoff_seconds = 0.05\nattempts = 50\n[load]\nmax_rows = 3000\n"
    path = "/api/v3/klines"
    troubled.api.faults(
        forbidden={"count": 2, "after": 2, "path": path},
        cut_gzip={"count": 2, "after": 4, "path": path},
        reset={"count": 2, "after": 6, "path": path},
        server_error={"count": 2, "after": 8, "path": path},
        banned={"count": 1, "after": 10, "seconds": 8, "path": path},
    )
    troubled.load()
    fired = troubled.api.observed()["fired"]
    assert {name for name, count in fired.items() if count} >= {
        "forbidden",
        "reset",
        "server_error",
        "banned",
    }
    for call in troubled.api.limits()["calls_in_ban"]:
        # What was on its way when the ban began is nobody's fault.
        assert call["at"] - call["since"] < 300
    troubled.api.run_clock(0)
    troubled.api.faults()
    troubled.load()
    troubled.build()
    assert_mart_is_what_was_served(troubled)


def assert_mart_is_what_was_served(market: Market) -> None:
    """The newest version of each closed candle is in the mart, once, exactly; the outage is a gap."""
    now = int(market.api.now.timestamp() * 1000)
    for symbol in SYMBOLS:
        rows = market.query(
            "select (extract(epoch from open_at) * 1000)::bigint, open_price, high_price, low_price, close_price,"
            " volume, trade_count from marts.fct_ohlcv where symbol = %s order by open_at",
            symbol,
        )
        closed = [row for row in market.api.klines(symbol, "15m") if row[6] < now - 3000]
        assert rows == [(row[0], *map(Decimal, row[1:6]), row[8]) for row in closed]
    gaps = market.query("select symbol, missing_candles from marts.fct_candle_gaps order by symbol")
    expected = [(each, market.api.defects(each, "15m")["gaps"]) for each in sorted(SYMBOLS)]
    assert gaps == [(each, found[0]["candles"]) for each, found in expected]


def test_a_long_ban_is_waited_for_or_called_through_by_the_next_run(market_of: Callable[..., Market]) -> None:
    banned = market(market_of, rate=1.0)
    banned.sections = "[http]\nretry_seconds = 2\nbackoff_seconds = 0.05\n"
    banned.api.ban(120)
    first = banned.extract("run", "binance", "--stream", "klines", check=False)
    calls = len(banned.api.requests())
    second = banned.extract("run", "binance", "--stream", "klines", check=False)
    assert (first.returncode, second.returncode) == (Exit.UNREACHABLE, Exit.UNREACHABLE)
    assert len(banned.api.requests()) == calls
    assert "Traceback" not in first.stderr + second.stderr
    assert len(second.stderr.strip().splitlines()) == 1


def test_a_neighbours_use_ends_in_a_ban(market_of: Callable[..., Market]) -> None:
    # 19 pages of 2 do not fit what the neighbour leaves of a minute, so that the run waits for the next.
    shared = market(
        market_of, rate=1.0, limits=Limits(weight_per_minute=60), neighbour=Neighbour(low=0.2, high=0.5)
    )
    shared.per_minute = 60
    shared.load()
    told = shared.api.limits()
    assert (told["banned"], told["calls_in_ban"]) == (0, [])
    assert told["too_many"] <= 3
    assert len(told["minutes"]) >= 2

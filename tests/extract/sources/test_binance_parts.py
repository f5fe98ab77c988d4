"""Parts of a stream: symbols side by side, each with its own place, in runs, backfills, letters and books."""

from datetime import timedelta
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from extract.audit import audit_source
from extract.backfill import estimate, plan, read_option
from extract.errors import Exit
from tests.extract.binance_api import NOW, BinanceApi, ago, at, candle, candles
from tests.extract.fake_api import answer
from tests.extract.sources.conftest import BINANCE, Rows, Run, opened, settings_with


def test_a_symbol_that_fails_stops_the_others(binance: Run, rows: Rows) -> None:
    api = BinanceApi("AUSDT", "BUSDT", "CUSDT")
    for symbol in api.statuses:
        api.klines[f"{symbol}/15m"] = candles(NOW, 3)
    api.planned = [("symbol=BUSDT", lambda _: answer(b'[["no", "candle'))] * 2
    result = binance(api, symbols=("AUSDT", "BUSDT", "CUSDT"))
    assert (result.status, result.exit_code) == ("failed", Exit.FAILED)
    assert str(result.error).startswith("klines BUSDT/15m: GET http://api.test/api/v3/klines: ")
    assert [len(opened(rows, symbol)) for symbol in api.statuses] == [3, 0, 3]
    assert binance(api, symbols=("AUSDT", "BUSDT", "CUSDT")).exit_code == Exit.DONE
    assert len(opened(rows, "BUSDT")) == 3
    assert rows("select status from ops.dead_letters") == [("replayed",)]


def test_a_walk_that_is_cut_begins_anew_or_loses_its_place(binance: Run, rows: Rows) -> None:
    api = BinanceApi("AUSDT", "BUSDT")
    for symbol in api.statuses:
        api.klines[f"{symbol}/15m"] = candles(NOW, 40)
    fourth = api.klines["BUSDT/15m"][19][0] + 1
    api.planned = [(f"symbol=BUSDT&interval=15m&startTime={fourth}", lambda _: answer(b"", status=502))] * 2
    both = {"symbols": ("AUSDT", "BUSDT"), "page_size": 10}
    assert binance(api, **both).exit_code == Exit.UNREACHABLE
    assert (len(opened(rows, "AUSDT")), len(opened(rows, "BUSDT"))) == (40, 20)
    api.requests = []
    assert binance(api, **both).exit_code == Exit.DONE
    asked = [int(each["startTime"]) for each in api.asked("klines") if each["symbol"] == "BUSDT"]
    assert asked[0] == fourth
    assert opened(rows, "BUSDT") == [each[0] for each in api.klines["BUSDT/15m"]]


def test_dead_letters_of_two_parts_are_taken_for_one(binance: Run, rows: Rows) -> None:
    """The same open time in two symbols is two candles; each letter knows whose it is."""
    api = BinanceApi("AUSDT", "BUSDT")
    bad = candle(ago(hours=1), close="1\u0000")
    for symbol in api.statuses:
        api.klines[f"{symbol}/15m"] = [bad]
    assert binance(api, symbols=("AUSDT", "BUSDT")).exit_code == Exit.DONE
    letters = rows("select context ->> 'symbol', served_at::text from ops.dead_letters order by 1")
    assert letters == [("AUSDT", "2026-03-16 12:07:30+00"), ("BUSDT", "2026-03-16 12:07:30+00")]


def test_windows_of_a_backfill_are_dealt_by_symbol_or_read_twice(fill: Run, binance: Run, rows: Rows) -> None:
    """Four symbols of a year in windows of 104 days: each of two shards reads half of them."""
    names = ("AUSDT", "BUSDT", "CUSDT", "DUSDT")
    api = BinanceApi(*names)
    for symbol in names:
        api.klines[f"{symbol}/15m"] = [
            candle(at("2025-01-01T00:00:00Z") + day * 86_400_000) for day in range(365)
        ]
    year = ("2025-01-01", "2026-01-01")
    for index in (0, 1):
        api.requests = []
        assert (done := fill(api, *year, shard=(index, 2), symbols=names)).exit_code == Exit.DONE, done.error
        assert len(api.asked("klines")) == 10
    assert [len(opened(rows, symbol)) for symbol in names] == [365] * 4
    api.requests = []
    assert fill(api, *year, symbols=names).exit_code == Exit.DONE
    assert api.requests == []
    assert rows("select count(*) from ops.cursors") == [(0,)]
    shards = [
        row[0] for row in rows("select shard from ops.sweeps where part = 'BUSDT/15m' order by sweep_id")
    ]
    assert len(shards) == 5
    assert all(shard.startswith("BUSDT/15m 17") and ".." in shard for shard in shards)
    shown = "select shard, records, open_windows from ops.stream_status order by 1"
    assert rows(shown) == [(f"{symbol}/15m", 365, 0) for symbol in names], "a row a window hides the parts"


def test_a_window_that_is_not_over_counts_as_read(fill: Run, rows: Rows) -> None:
    """The API's clock says so, not ours."""
    api = BinanceApi()
    api.now = NOW - timedelta(days=1)
    result = fill(api, "2026-03-15", "2026-03-16")
    assert result.exit_code == Exit.CONFIGURATION
    assert "knows its data only up to 2026-03-15T12:07:30.000Z: choose --to" in str(result.error)
    assert rows("select status from ops.sweeps") == [("failed",)]


def test_a_symbol_that_was_taken_out_looks_stale_for_ever(binance: Run, rows: Rows) -> None:
    api = BinanceApi("AUSDT", "BUSDT")
    binance(api, symbols=("AUSDT", "BUSDT"))
    binance(api, symbols=("AUSDT",))
    shown = "select shard, retired_at is not null from ops.stream_status order by 1"
    assert rows(shown) == [("AUSDT/15m", False), ("BUSDT/15m", True)]
    binance(api, symbols=("AUSDT", "BUSDT"))
    assert rows(shown) == [("AUSDT/15m", False), ("BUSDT/15m", False)]


def test_a_part_that_is_read_at_the_moment_is_read_twice(binance: Run, rows: Rows) -> None:
    """While another run holds one part, this one leaves before it has asked for anything."""
    api = BinanceApi("AUSDT", "BUSDT")
    held = []

    def meanwhile(_: Any) -> Any:
        held.append(binance(BinanceApi("AUSDT", "BUSDT"), symbols=("AUSDT",)))
        return api.reply([])

    api.planned = [("symbol=AUSDT", meanwhile)]
    assert binance(api, symbols=("AUSDT", "BUSDT")).exit_code == Exit.DONE
    assert held[0].exit_code == Exit.LEASE_HELD
    assert "binance/klines/AUSDT/15m is being extracted by" in str(held[0].error)


def test_the_shape_of_one_part_is_a_change_to_the_next(binance: Run, rows: Rows) -> None:
    api = BinanceApi("AUSDT", "BUSDT")
    for symbol in api.statuses:
        api.klines[f"{symbol}/15m"] = candles(NOW, 3)
    binance(api, symbols=("AUSDT", "BUSDT"))
    binance(api, symbols=("AUSDT", "BUSDT"))
    assert rows("select path from ops.schema_changes") == []
    api.klines["BUSDT/15m"] = [[*each, "new"] for each in candles(NOW, 3)]
    binance(api, symbols=("AUSDT", "BUSDT"))
    assert rows("select path, change from ops.schema_changes") == [("[12]", "new")]


def test_the_books_of_parts_do_not_balance(binance: Run, elt_database: Any, rows: Rows) -> None:
    api = BinanceApi("AUSDT", "BUSDT")
    for symbol in api.statuses:
        api.klines[f"{symbol}/15m"] = candles(NOW, 25)
    binance(api, "symbols", "tickers", "klines", symbols=("AUSDT", "BUSDT"), page_size=10)
    with elt_database.connect("maintainer", autocommit=True) as maintainer:
        audit = audit_source(maintainer, "binance", ["klines"], lambda _: None)
    assert [str(finding) for finding in audit.findings] == []
    assert audit.records == 54


def test_an_estimate_takes_all_parts_for_the_same(binance: Run, pool: ConnectionPool) -> None:
    """A day has 96 candles of 15 minutes and one of a day; times are epoch ms, which Postgres takes for none."""
    api, day = BinanceApi(), 86_400_000
    first = at("2026-03-01T00:00:00Z")
    api.klines["BTCUSDT/15m"] = [candle(first + 900_000 * number) for number in range(96 * 10 + 1)]
    api.klines["BTCUSDT/1d"] = [candle(first + day * number, day) for number in range(11)]
    section = {"intervals": ("15m", "1d"), "start": "2026-03-01"}
    assert binance(api, **section).exit_code == Exit.DONE
    settings = settings_with(**section).source(BINANCE)
    with pool.connection() as connection:
        works = plan(
            connection,
            BINANCE,
            settings,
            [BINANCE.stream("klines")],
            begin=read_option("2025-01-01", "--from"),
            end=read_option("2025-12-31", "--to"),
        )
        (told,) = estimate(connection, BINANCE, settings, works)
    assert told.records == pytest.approx(364 * (96 + 1), rel=0.15)
    assert told.requests == pytest.approx(364 * 96 / 1000 + 1, abs=6)
    assert told.minutes == pytest.approx(2 * (told.requests or 0) / 4800)

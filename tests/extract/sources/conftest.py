"""Fixtures of the sources' own tests: Binance in this process, over a fake transport."""

from collections.abc import Callable
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from extract.backfill import plan, read_option
from extract.pipeline import backfill_source, run_source
from extract.run_record import RunResult
from extract.settings import HttpSettings, LoadSettings, RunSettings, Settings
from extract.sources import all_sources
from tests.extract.binance_api import BinanceApi

Run = Callable[..., RunResult]
Rows = Callable[..., list[tuple[Any, ...]]]

BINANCE = all_sources()["binance"]
START = "2026-03-16T00:00:00Z"
KLINES = (
    "select context ->> 'symbol', context ->> 'interval', (record ->> 0)::bigint, record ->> 5, record "
    "from raw.binance__klines order by load_id, load_position"
)


def settings_with(**section: Any) -> Settings:
    """Settings of binance that do not wait; the clocks of tests and of their API differ."""
    values = {
        "base_url": "http://api.test", "symbols": ("BTCUSDT",), "start": START, "max_skew_seconds": 1e9,
    } | section  # fmt: skip
    return Settings(
        run=RunSettings(parallel=2, pages_ahead=1),
        load=LoadSettings(max_rows=10),
        http=HttpSettings(backoff_seconds=0, attempts=2),
        sources={"binance": BINANCE.settings.model_validate(values)},
    )


@pytest.fixture
def binance(pool: ConnectionPool) -> Callable[..., RunResult]:
    """Runs streams of binance, klines when none is named; keywords are settings of its section."""

    def run(api: BinanceApi, *streams: str, **section: Any) -> RunResult:
        chosen = [BINANCE.stream(name) for name in streams or ("klines",)]
        return run_source(pool, settings_with(**section), BINANCE, chosen, transport=api)

    return run


@pytest.fixture
def fill(pool: ConnectionPool) -> Callable[..., RunResult]:
    """Reads a range of klines again; keywords are settings of its section."""

    def run(
        api: BinanceApi, begin: str, end: str, shard: tuple[int, int] = (0, 1), **section: Any
    ) -> RunResult:
        settings = settings_with(**section)
        with pool.connection() as connection:
            works = plan(
                connection,
                BINANCE,
                settings.source(BINANCE),
                [BINANCE.stream("klines")],
                begin=read_option(begin, "--from"),
                end=read_option(end, "--to"),
                shard=shard,
            )
        return backfill_source(pool, settings, BINANCE, works, transport=api)

    return run


@pytest.fixture
def rows(elt_database: Any) -> Rows:
    """What a query gives the administrator."""

    def read(query: str, *values: Any) -> list[tuple[Any, ...]]:
        with elt_database.connect("admin") as admin:
            admin.execute("set timezone = 'UTC'")
            found: list[tuple[Any, ...]] = admin.execute(query, values or None).fetchall()
            return found

    return read


def opened(rows: Rows, symbol: str = "BTCUSDT", interval: str = "15m") -> list[int]:
    """Open times in raw of one part, in the order they came."""
    return [row[2] for row in rows(KLINES) if row[:2] == (symbol, interval)]

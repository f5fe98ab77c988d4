"""Binance: symbols, 24-hour tickers, candles and trades of the spot market. Public, so no credential is needed.

Prices and volumes are JSON strings with eight decimals. Lists come bare, ascending, at most 1,000 records a page;
/api/v3/exchangeInfo holds its list in `symbols`. A record of klines is an array of 12: open time (epoch ms), open,
high, low, close, volume, close time, quote volume, trades, taker's base and quote volume, "0". The newest candle is
still open, and closed ones are restated at times: both come again with each run's overlap.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from extract.auth_kinds import NoAuth
from extract.paginate import CursorFormat, Envelope, IdRange, SinglePage, Size, TimeWindow
from extract.part import Part
from extract.preflight_kinds import Listed, Preflight, ServerClock
from extract.setting_types import Names, PastTime, needed_with, one_of
from extract.source import BudgetSettings, Cursor, Source, SourceSettings, Stream, UsageHeader

# How long a candle is; a month at most.
INTERVALS = {
    "1s": timedelta(seconds=1),
    "1m": timedelta(minutes=1),
    "3m": timedelta(minutes=3),
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "2h": timedelta(hours=2),
    "4h": timedelta(hours=4),
    "6h": timedelta(hours=6),
    "8h": timedelta(hours=8),
    "12h": timedelta(hours=12),
    "1d": timedelta(days=1),
    "3d": timedelta(days=3),
    "1w": timedelta(weeks=1),
    "1M": timedelta(days=31),
}
Interval = Annotated[str, one_of(INTERVALS, "1m is a minute, 1M a month")]
MILLISECONDS = CursorFormat.EPOCH_MILLISECONDS
PAGE = 1000


class BinanceSettings(SourceSettings):
    """Section [sources.binance]. `per_minute` of its budget is the used weight of our address at which we stop."""

    base_url: str = "https://data-api.binance.vision"
    symbols: Annotated[Names, Field(min_length=1)] = ("BTCUSDT", "ETHUSDT")
    intervals: Annotated[tuple[Interval, ...], Names, Field(min_length=1)] = ("15m",)
    start: PastTime = "2017-07-14T00:00:00.000Z"
    agg_trades: Names = ()
    agg_trades_start: PastTime | None = None
    overlap_minutes: int = Field(default=180, ge=0, le=7 * 24 * 60)
    max_skew_seconds: float = Field(default=30, ge=0)
    budget: BudgetSettings | None = BudgetSettings(per_minute=4800)

    @model_validator(mode="after")
    def _trades_begin_somewhere(self) -> Self:
        return needed_with(self, "agg_trades_start", "agg_trades")


def _listed(symbols: Sequence[str]) -> Mapping[str, str]:
    return {"symbols": "[" + ",".join(f'"{symbol}"' for symbol in symbols) + "]"}


def _all_symbols(settings: BinanceSettings) -> Sequence[str]:
    return tuple(dict.fromkeys((*settings.symbols, *settings.agg_trades)))


def _symbols(settings: BinanceSettings) -> Sequence[Part]:
    return (Part(params=_listed(_all_symbols(settings))),)


def _tickers(settings: BinanceSettings) -> Sequence[Part]:
    count = len(settings.symbols)
    return (
        Part(params=_listed(settings.symbols), request_cost=2 if count <= 20 else 40 if count <= 100 else 80),
    )


def _klines(settings: BinanceSettings) -> Sequence[Part]:
    return tuple(
        Part(
            f"{symbol}/{interval}",
            params={"symbol": symbol, "interval": interval},
            context={"symbol": symbol, "interval": interval},
            since=settings.start,
            # The two candles before the open one at least, so that each is read once more after it has closed.
            overlap_minutes=max(settings.overlap_minutes, 2 * INTERVALS[interval] // timedelta(minutes=1)),
            window=10 * PAGE * INTERVALS[interval],
        )
        for symbol in settings.symbols
        for interval in settings.intervals
    )


def _agg_trades(settings: BinanceSettings) -> Sequence[Part]:
    return tuple(
        Part(symbol, params={"symbol": symbol}, context={"symbol": symbol}, since=settings.agg_trades_start)
        for symbol in settings.agg_trades
    )


SOURCE = Source(
    name="binance",
    settings=BinanceSettings,
    auth=NoAuth(),
    streams=(
        Stream(
            "symbols",
            "/api/v3/exchangeInfo",
            primary_key=("symbol",),
            paginator=SinglePage(Envelope("symbols")),
            full_list=True,
            parts=_symbols,
            request_cost=20,
        ),
        # A rolling window: each sweep is a snapshot.
        Stream(
            "tickers",
            "/api/v3/ticker/24hr",
            primary_key=("symbol",),
            paginator=SinglePage(Envelope(None)),
            full_list=True,
            parts=_tickers,
        ),
        Stream(
            "klines",
            "/api/v3/klines",
            primary_key=(0,),
            paginator=TimeWindow(
                time=0,
                start_param="startTime",
                end_param="endTime",
                size=Size("limit", most=PAGE),
                envelope=Envelope(None),
                form=MILLISECONDS,
                end_inclusive=True,
                unique_times=True,
            ),
            cursor=Cursor("startTime", 0, MILLISECONDS),
            parts=_klines,
            request_cost=2,
        ),
        Stream(
            "agg_trades",
            "/api/v3/aggTrades",
            primary_key=("a",),
            # By id, since trades share milliseconds; only where no id is known yet by time.
            paginator=IdRange(
                "a",
                Envelope(None),
                "fromId",
                Size("limit", most=PAGE),
                time_param="startTime",
                time_form=MILLISECONDS,
            ),
            cursor=Cursor("fromId", "a", CursorFormat.ID),
            parts=_agg_trades,
            request_cost=4,
        ),
    ),
    # Of everybody behind our address, in the current clock minute.
    usage=UsageHeader(used="X-MBX-USED-WEIGHT-1M"),
    preflight=Preflight(
        clock=ServerClock(
            "/api/v3/time", "serverTime", MILLISECONDS, lambda settings: settings.max_skew_seconds
        ),
        listed=Listed(
            "symbol",
            names=_all_symbols,
            path="/api/v3/exchangeInfo",
            params=_listed,
            envelope=Envelope("symbols"),
            name="symbol",
            status="status",
            active=("TRADING",),
            request_cost=20,
        ),
    ),
)

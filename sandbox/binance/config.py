"""What one simulated Binance serves. Times are aware datetimes, in JSON RFC 3339 with a zone."""

import datetime as dt
from typing import Annotated, Literal

import msgspec

Time = Annotated[dt.datetime, msgspec.Meta(tz=True)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Name = Annotated[str, msgspec.Meta(pattern="^[A-Z0-9]{2,20}$")]
Status = Literal["TRADING", "HALT", "BREAK"]

_QUARTER = dt.timedelta(minutes=15)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class StatusChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """From `at` on the symbol has this status; while it is not TRADING there are no new candles."""

    at: Time
    status: Status


class SymbolConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A symbol, traded from `listed_at` (default: the start of history) until `delisted_at` (default: for ever).

    Before and after, the API does not know it. `trades` is the mean number of trades in 15 minutes, `quiet` the
    share of quarters of an hour without any. A time at which trading (again) begins is on a quarter of an hour.
    """

    name: Name
    listed_at: Time | None = None
    delisted_at: Time | None = None
    statuses: tuple[StatusChange, ...] = ()
    trades: Annotated[int, msgspec.Meta(ge=1, le=5_000)] = 300
    quiet: Share = 0.0005

    def __post_init__(self) -> None:
        begins = [change.at for change in self.statuses if change.status == "TRADING"]
        for at in [*begins, *([self.listed_at] if self.listed_at else [])]:
            _on_a_quarter(at, f"{self.name} begins to trade")
        times = [change.at for change in self.statuses]
        if times != sorted(times):
            raise ValueError(f"{self.name}: give its statuses in the order of their times")


class Outage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """No symbol trades from `start` until `end`: the candles of that time are missing.

    cut             the candle that it interrupts closes when it begins
    off_grid_until  candles up to 1h open at `end` and every interval after it, until this time, when the last one
                    ends short, its close_time a second late; without it `end` is on a quarter of an hour
    """

    start: Time
    end: Time
    cut: bool = False
    off_grid_until: Time | None = None

    def __post_init__(self) -> None:
        if self.off_grid_until is None:
            _on_a_quarter(self.end, "an outage ends")
        elif (self.off_grid_until - _EPOCH) % dt.timedelta(hours=1) or self.off_grid_until <= self.end:
            raise ValueError(f"off_grid_until is {self.off_grid_until}: give a full hour after the outage")
        if (self.end - _EPOCH) // _QUARTER <= (self.start - _EPOCH) // _QUARTER:
            raise ValueError(
                f"an outage lasts from {self.start} until {self.end}: end it in a later quarter hour"
            )


class Restatement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """From server time `seen_from` on, the candles that open in [start, end) have this much more volume."""

    symbol: str
    start: Time
    end: Time
    seen_from: Time
    volume_permille: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 8


class Neighbour(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody behind the same address, who uses between `low` and `high` of the limit in each clock minute.

    How much, and how fast within the minute, is drawn from the seed and the minute; with low = high it is the
    same in each minute, used evenly.
    """

    low: Share = 0.0
    high: Share = 0.0


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Weight a clock minute and requests in five, for each address; what comes of ignoring them.

    The request after `ban_after` refused ones in a row is banned for `ban_seconds` of the server's clock, each
    further ban is twice as long, up to three days. (The API tells neither number.)
    """

    weight_per_minute: Annotated[int, msgspec.Meta(ge=1)] = 6_000
    requests_per_5_minutes: Annotated[int, msgspec.Meta(ge=1)] = 61_000
    ban_after: Annotated[int, msgspec.Meta(ge=1)] = 10
    ban_seconds: Annotated[float, msgspec.Meta(gt=0, le=259_200)] = 120.0


class ServedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A CSV file of real candles, served from server time `served_from` on (default: its last candle's open).

    Symbol and interval are read from its name (BTCUSDT-1h) unless they are given. Of files of the same symbol and
    interval, the one served later replaces what the others say of its time.
    """

    path: str
    symbol: str | None = None
    interval: str | None = None
    served_from: Time | None = None


# When fields of exchangeInfo began to be served (the API's changelog).
FIELDS = {
    "permissionSets": dt.datetime(2024, 4, 10, tzinfo=dt.UTC),
    "otoAllowed": dt.datetime(2024, 4, 10, tzinfo=dt.UTC),
    "amendAllowed": dt.datetime(2025, 4, 24, 7, tzinfo=dt.UTC),
    "pegInstructionsAllowed": dt.datetime(2025, 8, 12, tzinfo=dt.UTC),
    "opoAllowed": dt.datetime(2025, 12, 2, tzinfo=dt.UTC),
}


class BinanceConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One simulated Binance. Equal configurations serve equal candles at equal times of the clock.

    seed            of all that is generated
    symbols         names or SymbolConfig
    since           the start of history
    now             the clock's start; None is real time, which then runs
    rate            seconds of the server's clock in a real one: 0 stands still until it is moved
    fields          booleans of a symbol in exchangeInfo, and from when on each is there
    over_limit      what limit > 1000 does, which the API does not tell: "strict" refuses it, "clamp" takes 1000
    delay_ms        passes before each answer
    gzip            compresses for clients that accept it
    files           real candles in the place of generated ones; trades and tickers stay generated
    """

    seed: int = 1
    symbols: tuple[SymbolConfig | Name, ...] = ("BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT")
    since: Time = dt.datetime(2017, 7, 14, tzinfo=dt.UTC)
    now: Time | None = dt.datetime(2026, 3, 30, tzinfo=dt.UTC)
    rate: Annotated[float, msgspec.Meta(ge=0, le=10_000)] = 0.0
    outages: tuple[Outage, ...] = ()
    restatements: tuple[Restatement, ...] = ()
    fields: dict[str, Time] = msgspec.field(default_factory=FIELDS.copy)
    limits: Limits = Limits()
    neighbour: Neighbour = Neighbour()
    over_limit: Literal["strict", "clamp"] = "strict"
    delay_ms: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    gzip: bool = False
    files: tuple[ServedFile, ...] = ()

    def __post_init__(self) -> None:
        names = [symbol.name for symbol in self.listed()]
        if len(names) != len(set(names)):
            raise ValueError("symbols: name each of them once")
        if unknown := {restated.symbol for restated in self.restatements} - set(names):
            raise ValueError(f"restatements: there is no symbol {', '.join(sorted(unknown))}")

    def listed(self) -> list[SymbolConfig]:
        """All symbols, names spelt out."""
        return [SymbolConfig(name=given) if isinstance(given, str) else given for given in self.symbols]


def milliseconds(moment: dt.datetime) -> int:
    """Milliseconds since 1970; finer digits are cut."""
    return (moment - _EPOCH) // dt.timedelta(milliseconds=1)


def _on_a_quarter(at: dt.datetime, what: str) -> None:
    if (at - _EPOCH) % _QUARTER:
        raise ValueError(f"{what} at {at}: give a quarter of an hour")

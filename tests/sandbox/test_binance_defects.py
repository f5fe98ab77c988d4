"""What is odd in the candles, as real ones are, and what the sandbox tells of it."""

import datetime as dt
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.binance import BinanceConfig, Outage, Restatement, RunningBinance, StatusChange, SymbolConfig
from sandbox.binance.defects import defects
from sandbox.binance.market import Market
from sandbox.smartpizza.times import DAY, HOUR, MINUTE
from tests.sandbox.binance_rough import END, FEBRUARY, ROUGH, ROUGH_MARKET
from tests.sandbox.binance_rows import at, moment, rows_of, values

QUARTER = 15 * MINUTE
OFF_GRID = at("2018-02-09T09:28:14.789")


def test_the_real_outage_of_2018_looks_different() -> None:
    """As in the real hourly file: 32 hours missing, then 43 hours that open at hh:28:14.789."""
    found = defects(ROUGH_MARKET, "BTCUSDT", "1h", END)
    gaps = {gap["start"]: gap["candles"] for gap in found["gaps"]}
    assert gaps[at("2018-02-08T01:00")] == 32
    assert found["off_grid"] == [OFF_GRID + number * HOUR for number in range(43)]
    closes = {row[0]: row[6] for row in rows_of(ROUGH_MARKET, "1h", END)}
    assert closes[at("2018-02-08T00:00")] == at("2018-02-08T00:28:14.788")
    assert closes[OFF_GRID] == OFF_GRID + HOUR - 1
    assert closes[OFF_GRID + 42 * HOUR] == at("2018-02-11T04:00:00.999")
    assert set(found["odd_close"]) == {at("2018-02-08T00:00"), OFF_GRID + 42 * HOUR}
    assert at("2018-02-11T04:00") in closes


@pytest.mark.parametrize(
    ("interval", "missing"), [("15m", [131, 3, 12]), ("1h", [32, 2]), ("1d", []), ("1m", None)]
)
def test_a_gap_is_not_told(interval: str, missing: list[int] | None) -> None:
    found = defects(ROUGH_MARKET, "BTCUSDT", interval, END)
    opens = [row[0] for row in rows_of(ROUGH_MARKET, interval, END)]
    assert found["candles"] == len(opens) == len(set(opens))
    if missing is not None:
        assert [gap["candles"] for gap in found["gaps"]] == missing
    in_outage = [opened for opened in opens if at("2018-02-14T03:00") <= opened < at("2018-02-14T03:45")]
    # The hour holds its last quarter.
    assert in_outage == ([at("2018-02-14T03:00")] if interval == "1h" else [])


def test_longer_candles_leave_the_grid_too() -> None:
    for interval in ("2h", "12h", "1d", "1w"):
        assert defects(ROUGH_MARKET, "BTCUSDT", interval, END)["off_grid"] == []
    for interval in ("1m", "3m", "5m", "15m", "30m", "1h"):
        assert defects(ROUGH_MARKET, "BTCUSDT", interval, END)["off_grid"][0] == OFF_GRID


def test_the_candle_that_an_outage_cuts_closes_before_it_happens() -> None:
    before = rows_of(ROUGH_MARKET, "1h", at("2018-02-08T00:28:00"))[-1]
    assert before[6] == at("2018-02-08T00:59:59.999")
    during = rows_of(ROUGH_MARKET, "1h", at("2018-02-08T00:40:00"))[-1]
    assert during[6] == at("2018-02-08T00:28:14.788")


def test_a_halted_symbol_goes_on() -> None:
    opens = [row[0] for row in rows_of(ROUGH_MARKET, "15m", END)]
    halt = range(at("2018-02-20T10:05:31"), at("2018-02-20T13:15"))
    assert not [opened for opened in opens if opened in halt]
    assert at("2018-02-20T13:15") in opens
    status = ROUGH_MARKET.histories["BTCUSDT"].calendar.status
    assert [status(halt.start), status(halt.stop)] == ["HALT", "TRADING"]


def test_a_delisted_or_halted_symbol_has_an_open_candle() -> None:
    symbol = SymbolConfig(
        name="ABCUSDT",
        listed_at=moment("2018-02-03T05:15"),
        statuses=(StatusChange(at=moment("2018-02-10T00:07"), status="BREAK"),),
    )
    market = Market(BinanceConfig(symbols=(symbol,), since=FEBRUARY))
    rows = rows_of(market, "1h", END, symbol="ABCUSDT")
    assert rows[0][0] == at("2018-02-03T05:00")
    assert rows[-1][0] == at("2018-02-10T00:00")
    assert rows_of(market, "15m", END, symbol="ABCUSDT")[0][0] == at("2018-02-03T05:15")
    assert defects(market, "ABCUSDT", "1h", END)["open"] == []


@pytest.mark.parametrize("interval", ["1m", "15m", "1h", "4h", "1d"])
def test_a_restatement_is_seen_too_early_or_in_one_interval_only(interval: str) -> None:
    seen_from = at("2018-03-01T00:00")
    before, after = (
        {row[0]: row for row in rows_of(ROUGH_MARKET, interval, now) if row[0] < at("2018-02-20T00:00")}
        for now in (seen_from - 1, seen_from)
    )
    assert before.keys() == after.keys()
    changed = [opened for opened in before if before[opened] != after[opened]]
    assert changed
    for opened in changed:
        old, new = values(before[opened]), values(after[opened])
        assert old[:4] == new[:4]
        assert old[6] == new[6]
        # Of a minute it may be too little to be seen.
        assert interval == "1m" or old[4] < new[4]
    more = sum(Decimal(after[opened][5]) - Decimal(before[opened][5]) for opened in before)
    hour = [Decimal(row[5]) for row in rows_of(ROUGH_MARKET, "15m", seen_from) if row[0] in HOUR_RESTATED]
    # Of each quarter eight thousandths, cut to whole lots.
    assert Decimal(0) <= sum(hour) * 8 / 1008 - more < 4 * Decimal("0.00002")


HOUR_RESTATED = range(at("2018-02-12T04:00"), at("2018-02-12T05:00"))


@given(
    start=st.integers(0, 20 * DAY // MINUTE),
    length=st.integers(QUARTER, 3 * DAY),
    grid=st.booleans(),
    hours=st.integers(1, 30),
    cut=st.booleans(),
)
@settings(deadline=None, max_examples=30)
def test_an_outage_anywhere_makes_a_candle_twice_or_out_of_order(
    start: int, length: int, grid: bool, hours: int, cut: bool
) -> None:
    begin = at("2018-02-02T00:00") + start * MINUTE
    end = (begin + length) // QUARTER * QUARTER + QUARTER if grid else begin + length
    zone_end = None if grid else (end // HOUR + hours) * HOUR + HOUR
    outage = Outage(
        start=moment_of(begin),
        end=moment_of(end),
        cut=cut,
        off_grid_until=None if zone_end is None else moment_of(zone_end),
    )
    market = Market(BinanceConfig(symbols=("BTCUSDT",), since=FEBRUARY, outages=(outage,)))
    for interval in ("5m", "15m", "1h", "4h"):
        rows = rows_of(market, interval, END)
        assert not [row for row in rows if begin <= row[0] < end and interval in ("5m", "15m")]
        for row, following in pairwise(rows):
            assert row[0] < following[0]
            assert row[6] < following[0] + 1000
            assert row[0] < row[6]


def moment_of(milliseconds: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=milliseconds)


def test_the_admin_tells_other_defects_than_are_served(binance_fresh: RunningBinance) -> None:
    binance_fresh.change(symbols=ROUGH.symbols, since=FEBRUARY, outages=ROUGH.outages)
    told = binance_fresh.defects("BTCUSDT", "1h")
    rows = binance_fresh.klines("BTCUSDT", "1h")
    assert told["candles"] == len(rows)
    assert told["open"] == [rows[-1][0]]
    assert [gap["candles"] for gap in told["gaps"]] == [32, 2]
    with pytest.raises(ValueError, match="Invalid symbol"):
        binance_fresh.defects("ETHUSDT", "1h")
    with pytest.raises(ValueError, match="give one of 1s, 1m"):
        binance_fresh.klines("BTCUSDT", "1q")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"start": "2018-02-08T00:00", "end": "2018-02-08T01:07"}, "give a quarter of an hour"),
        ({"start": "2018-02-08T00:16", "end": "2018-02-08T00:15"}, "end it in a later quarter hour"),
        (
            {"start": "2018-02-08T00:00", "end": "2018-02-08T01:07", "off_grid_until": "2018-02-08T05:07"},
            "give a full hour",
        ),
    ],
)
def test_an_outage_that_makes_no_sense_is_served(wrong: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Outage(**{name: moment(value) for name, value in wrong.items()})


def test_a_configuration_that_makes_no_sense_is_served() -> None:
    with pytest.raises(ValueError, match="name each of them once"):
        BinanceConfig(symbols=("BTCUSDT", "BTCUSDT"))
    restated = Restatement(symbol="NOPE", start=FEBRUARY, end=FEBRUARY, seen_from=FEBRUARY)
    with pytest.raises(ValueError, match="there is no symbol NOPE"):
        BinanceConfig(restatements=(restated,))

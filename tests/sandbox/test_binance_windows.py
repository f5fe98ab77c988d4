"""Which candles a window holds: each combination of startTime, endTime and limit against a full list."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.binance.history import Window
from sandbox.binance.intervals import WIDTHS
from tests.sandbox.binance_rough import END, ROUGH_MARKET
from tests.sandbox.binance_rows import at, rows_of

ASKED = ("15m", "30m", "1h", "6h", "1d", "3d", "1w", "1M")
FULL = {name: rows_of(ROUGH_MARKET, name, END) for name in ASKED}
INSTANTS = st.one_of(
    st.none(),
    st.integers(at("2018-01-20T00:00"), END + 10**9),
    st.sampled_from([row[0] for row in FULL["15m"]]),
    st.sampled_from([row[6] for row in FULL["1h"]]),
)


@given(interval=st.sampled_from(ASKED), start=INSTANTS, end=INSTANTS, limit=st.integers(1, 1_000))
@example(interval="1h", start=at("2018-02-09T09:28:14.789"), end=at("2018-02-09T09:28:14.789"), limit=1)
@example(interval="15m", start=at("2018-02-08T01:00"), end=at("2018-02-09T09:00"), limit=5)
@example(interval="15m", start=None, end=at("2018-02-09T09:00"), limit=1)
@example(interval="1M", start=0, end=None, limit=1)
@settings(deadline=None, max_examples=300)
def test_a_window_holds_other_candles(interval: str, start: int | None, end: int | None, limit: int) -> None:
    inside = [
        row for row in FULL[interval] if (start is None or row[0] >= start) and (end is None or row[0] <= end)
    ]
    expected = inside[-limit:] if start is None else inside[:limit]
    assert rows_of(ROUGH_MARKET, interval, END, Window(start, end, limit)) == expected


@given(interval=st.sampled_from(["1s", "1m", "3m", "5m"]), start=INSTANTS, limit=st.integers(1, 1_000))
@settings(deadline=None, max_examples=100)
def test_short_candles_forward_and_backward_differ(interval: str, start: int | None, limit: int) -> None:
    forward = rows_of(ROUGH_MARKET, interval, END, Window(start or 0, None, limit))
    assert [row[0] for row in forward] == sorted({row[0] for row in forward})
    assert len(forward) <= limit
    if forward:
        backward = rows_of(ROUGH_MARKET, interval, END, Window(None, forward[-1][0], len(forward)))
        assert backward == forward
    if len(forward) < limit:
        assert (
            not forward or forward[-1][0] == rows_of(ROUGH_MARKET, interval, END, Window(None, None, 1))[0][0]
        )


@given(size=st.integers(1, 700), interval=st.sampled_from(list(ASKED)))
@settings(deadline=None, max_examples=60)
def test_paging_by_the_last_open_time_loses_or_doubles_candles(size: int, interval: str) -> None:
    size = max(size, len(FULL[interval]) // 40 + 1)
    found, start = [], 0
    while page := rows_of(ROUGH_MARKET, interval, END, Window(start, None, size)):
        found += page
        start = page[-1][0] + 1
        if len(page) < size:
            break
    assert found == FULL[interval]


def test_every_interval_is_served() -> None:
    assert all(rows_of(ROUGH_MARKET, name, END, Window(None, None, 1)) for name in WIDTHS)

"""Windows of time: every record once whatever the API's bounds, order and spelling, and no loss within an instant."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.answer import Answer
from extract.errors import BadAnswerError, ConfigurationError, PageTokenExpiredError
from extract.paginate import CursorFormat, Envelope, Size, TimeWindow
from tests.extract.walking import MODES, Walking, body, often

EPOCH = datetime(2026, 3, 16, tzinfo=UTC)
MOST = 4
RANGE = 60  # seconds
FORMS = tuple(form for form in CursorFormat if form is not CursorFormat.ID)


def spelt(second: int, form: CursorFormat) -> str | int:
    moment = EPOCH + timedelta(seconds=second)
    if form is CursorFormat.RFC3339:
        return moment.isoformat().replace("+00:00", "Z")
    return int(moment.timestamp()) * (1000 if form is CursorFormat.EPOCH_MILLISECONDS else 1)


def rfc3339(second: int) -> str:
    return str(spelt(second, CursorFormat.RFC3339))


def declared(**fields: Any) -> TimeWindow:
    return TimeWindow(
        **{
            "time": 0,
            "start_param": "from",
            "end_param": "to",
            "size": Size("limit", MOST),
            "envelope": Envelope(None),
            "unit": timedelta(seconds=1),
        }
        | fields
    )


KINDS = st.builds(
    declared,
    form=st.sampled_from(FORMS),
    width=st.none() | st.integers(1, 70).map(lambda seconds: timedelta(seconds=seconds)),
    start_inclusive=st.booleans(),
    end_inclusive=st.booleans(),
    backward=st.booleans(),
    newest_first=st.booleans(),
)
# Fewer records share an instant than a page holds.
SECONDS = st.lists(st.integers(0, RANGE - 1), max_size=40).map(
    lambda seconds: sorted(
        second for number, second in enumerate(seconds) if seconds[:number].count(second) < MOST - 1
    )
)


def serve(paginator: TimeWindow, seconds: list[int]) -> Callable[[dict[str, str]], Answer]:
    """A list of [time, number] that heeds its bounds as `paginator` declares them."""
    listed = list(enumerate(seconds))
    if paginator.newest_first:
        listed.reverse()

    def tick(text: str) -> int:
        if paginator.form is CursorFormat.RFC3339:
            return int((datetime.fromisoformat(text) - EPOCH).total_seconds())
        scale = 1000 if paginator.form is CursorFormat.EPOCH_MILLISECONDS else 1
        assert int(text) % scale == 0
        return int(text) // scale - int(EPOCH.timestamp())

    def page(params: dict[str, str]) -> Answer:
        low = tick(params["from"]) + (not paginator.start_inclusive) if "from" in params else -RANGE
        high = tick(params["to"]) + paginator.end_inclusive if "to" in params else 2 * RANGE
        found = [[spelt(second, paginator.form), number] for number, second in listed if low <= second < high]
        return body(found[: int(params["limit"])])

    return page


def expected(paginator: TimeWindow, seconds: list[int], since: int, until: int) -> list[int]:
    """Numbers of the records in the order of the windows, and of the API within each."""
    width = until - since if paginator.width is None else int(paginator.width.total_seconds())
    starts = list(range(since, until, max(width, 1)))
    windows = [(start, min(start + width, until)) for start in starts]
    if paginator.backward:
        windows = [(since + until - high, since + until - low) for low, high in windows]
    found: list[int] = []
    for low, high in windows:
        inside = [number for number, second in enumerate(seconds) if low <= second < high]
        found += reversed(inside) if paginator.newest_first else inside
    return found


@pytest.mark.parametrize("mode", MODES)
@often
@given(
    paginator=KINDS,
    seconds=SECONDS,
    bounds=st.lists(st.integers(0, RANGE), min_size=2, max_size=2, unique=True).map(sorted),
)
def test_every_record_of_a_range_comes_once_and_in_order(
    mode: str, paginator: TimeWindow, seconds: list[int], bounds: list[int]
) -> None:
    since, until = bounds
    walking = Walking(paginator, serve(paginator, seconds), rfc3339(since), rfc3339(until))
    found = [number for _, number in walking.records(1000, mode)]
    assert found == expected(paginator, seconds, since, until)


@pytest.mark.parametrize("mode", MODES)
@often
@given(
    seconds=st.lists(st.integers(0, RANGE - 1), unique=True).map(sorted),
    paginator=KINDS,
    size=st.integers(1, 9),
)
def test_unique_times_are_walked_with_pages_of_any_size(
    mode: str, seconds: list[int], paginator: TimeWindow, size: int
) -> None:
    fields = {name: getattr(paginator, name) for name in ("form", "width", "backward", "newest_first")}
    unique = declared(**fields, unique_times=True)
    walking = Walking(unique, serve(unique, seconds), rfc3339(0), rfc3339(RANGE))
    assert [number for _, number in walking.records(size, mode)] == expected(unique, seconds, 0, RANGE)


@often
@given(seconds=SECONDS, since=st.none() | st.integers(0, RANGE), until=st.none() | st.integers(0, RANGE))
def test_an_open_range_is_walked_to_its_end(seconds: list[int], since: int | None, until: int | None) -> None:
    bounds = [None if second is None else rfc3339(second) for second in (since, until)]
    low, high = since or 0, RANGE if until is None else until
    for newest_first in (False, True):
        paginator = declared(newest_first=newest_first, width=timedelta(seconds=10))
        if since is not None and until is not None and since >= until:
            continue
        found = [number for _, number in Walking(paginator, serve(paginator, seconds), *bounds).records(9)]
        assert sorted(found) == [number for number, second in enumerate(seconds) if low <= second < high]


@pytest.mark.parametrize("newest_first", [False, True])
def test_more_records_in_an_instant_than_a_page_holds_are_not_lost_silently(newest_first: bool) -> None:
    paginator = declared(newest_first=newest_first)
    for seconds in ([5] * (MOST + 1), [1, 2, *[5] * (MOST + 1), 7, 8]):
        walking = Walking(paginator, serve(paginator, seconds), rfc3339(0), rfc3339(RANGE))
        with pytest.raises(BadAnswerError, match="4 records share the instant 2026-03-16T00:00:05Z"):
            walking.records(1000)


@pytest.mark.parametrize(
    "bad", [[None, "bad"], ["soon", "bad"], ["2026-03-16T00:00:05", "bad"], ["1e400", "bad"]]
)
@pytest.mark.parametrize("unique", [False, True])
def test_a_record_without_a_time_is_not_lost_and_does_not_stop_the_walk(bad: list[Any], unique: bool) -> None:
    paginator = declared(unique_times=unique, size=Size("limit", 3))
    for place in range(10):
        listed: list[tuple[int, list[Any]]] = [(second, [rfc3339(second), second]) for second in range(9)]
        listed.insert(place, (place, bad))

        def page(params: dict[str, str], listed: list[tuple[int, list[Any]]] = listed) -> Answer:
            low = int((datetime.fromisoformat(params["from"]) - EPOCH).total_seconds())
            return body([record for second, record in listed if second >= low][:3])

        found = Walking(paginator, page, rfc3339(0)).records(3)
        assert found.count(bad) == 1 or (not unique and bad in found), place
        assert [number for _, number in found if number != "bad"] == list(range(9)), place


def test_windows_of_a_range_are_foreseen_and_none_beyond_its_end() -> None:
    paginator = declared(width=timedelta(seconds=20))
    walking = Walking(paginator, serve(paginator, [1, 21, 41]), rfc3339(0), rfc3339(RANGE))
    assert len(walking.records(1000, "ahead")) == 3
    assert [(params["from"], params["to"]) for params in walking.asked] == [
        (rfc3339(0), rfc3339(20)),
        (rfc3339(20), rfc3339(40)),
        (rfc3339(40), rfc3339(60)),
    ]


def test_a_range_of_nothing_costs_one_request() -> None:
    """A state from the future: the watermark lies behind the end."""
    paginator = declared(width=timedelta(seconds=20))
    walking = Walking(paginator, serve(paginator, [1, 21]), rfc3339(50), rfc3339(30))
    assert walking.records(1000) == []
    assert walking.asked == [{"limit": "4", "from": rfc3339(50), "to": rfc3339(51)}]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        ([25], "came for the window 2026-03-16T00:00:00Z/2026-03-16T00:00:20Z"),
        ([3, 2], "not in ascending order of 0"),
    ],
)
def test_an_api_that_ignores_the_window_or_its_order_is_refused(seconds: list[int], words: str) -> None:
    paginator = declared(width=timedelta(seconds=20))
    walking = Walking(
        paginator, lambda _: body([[rfc3339(second)] for second in seconds]), rfc3339(0), rfc3339(60)
    )
    with pytest.raises(BadAnswerError, match=words):
        walking.records(1000)


def test_a_time_finer_than_the_unit_is_not_stepped_over() -> None:
    """With an end that is inclusive, what lies between two steps would be in no window."""
    answer = body([["2026-03-16T00:00:00.500Z"]])
    with pytest.raises(BadAnswerError, match="finer than the declared unit of 0:00:01"):
        Walking(declared(end_inclusive=True), lambda _: answer, rfc3339(0), rfc3339(60)).records(1000)


def test_bounds_states_and_declarations_that_contradict_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="no time to walk from or to"):
        declared().start(since="yesterday")
    with pytest.raises(PageTokenExpiredError, match="is none of TimeWindow"):
        declared().start("1234")
    for fields in ({"size": Size()}, {"form": CursorFormat.ID}, {"width": timedelta(milliseconds=1500)}):
        with pytest.raises(ValueError, match=r"size\.most|not of ids|multiple of the unit"):
            declared(**fields)
    with pytest.raises(ValueError, match="Invalid isoformat"):
        declared(first="long ago")


def test_binance_klines_are_walked_as_documented() -> None:
    """startTime and endTime are inclusive milliseconds; off-grid candles and gaps are there; 1,000 a page."""
    opens = [1_517_443_200_000 + 900_000 * number + (number % 7 == 0) * 869_789 for number in range(5_000)]
    opens = [time for number, time in enumerate(opens) if not 2_000 <= number < 2_130]
    paginator = TimeWindow(
        time=0,
        start_param="startTime",
        end_param="endTime",
        size=Size("limit", 1000),
        envelope=Envelope(None),
        form=CursorFormat.EPOCH_MILLISECONDS,
        width=timedelta(minutes=15) * 990,
        end_inclusive=True,
        unique_times=True,
        first="2017-07-01T00:00:00Z",
    )

    def page(params: dict[str, str]) -> Answer:
        low, high = int(params.get("startTime", 0)), int(params.get("endTime", 10**15))
        found = [time for time in opens if low <= time <= high]
        return body([[time, "0.01634790"] for time in found[: int(params["limit"])]])

    for mode in MODES:
        for until in (None, str(opens[-1] + 1), "2018-05-01T00:00:00Z"):
            walking = Walking(paginator, page, str(opens[0]), until)
            assert [time for time, _ in walking.records(1000, mode)] == [
                time for time in opens if until != "2018-05-01T00:00:00Z" or time < 1_525_132_800_000
            ]
            assert all(int(params["limit"]) == 1000 for params in walking.asked)
    assert json.loads(json.dumps(paginator.start().params(1000)))["startTime"] == "1498867200000"

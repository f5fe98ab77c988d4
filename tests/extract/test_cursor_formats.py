"""Cursor values that are no RFC 3339 text: compared and moved as what they mean."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.cursor import CursorFormat, greatest, minus_minutes, parse_time, read_time, write_time

SECONDS, MILLISECONDS = CursorFormat.EPOCH_SECONDS, CursorFormat.EPOCH_MILLISECONDS
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@given(st.lists(st.integers(-(10**18), 10**18)))
def test_whole_numbers_are_not_compared_as_text(numbers: list[int]) -> None:
    expected = str(max(numbers)) if numbers else None
    for form in (SECONDS, MILLISECONDS, CursorFormat.ID):
        assert greatest([None, *map(str, numbers), "2026-03-16T10:00:00Z"], form) == expected


@given(MOMENTS)
def test_a_time_survives_its_spelling(moment: datetime) -> None:
    for form, unit in ((SECONDS, 1_000_000), (MILLISECONDS, 1_000)):
        coarse = moment.replace(microsecond=moment.microsecond // unit * unit)
        assert read_time(write_time(moment, form), form) == coarse
    assert read_time(write_time(moment, CursorFormat.RFC3339), CursorFormat.RFC3339) == moment


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        ("1773655200", SECONDS, "1773654600"),
        ("1773655200000", MILLISECONDS, "1773654600000"),
        ("2026-03-16T10:00:00Z", MILLISECONDS, "1773654600000"),
        ("26129", CursorFormat.ID, "26129"),
    ],
)
def test_an_overlap_is_taken_in_the_spelling_of_the_api(
    value: str, form: CursorFormat, expected: str
) -> None:
    assert minus_minutes(value, 10, form) == expected


@pytest.mark.parametrize("value", ["", "soon", "1e400", "999999999999999999", "0001-01-01T00:00:00+02:00"])
def test_what_is_no_time_is_refused_and_does_not_crash(value: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_time(value, MILLISECONDS)
    with pytest.raises(ValueError, match=r".*"):
        parse_time(value)

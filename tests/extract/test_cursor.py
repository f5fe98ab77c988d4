"""Cursor values are compared as times."""

import pytest

from extract.cursor import greatest, minus_minutes, parse_time


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None),
        ([None], None),
        (["2026-03-16T10:00:00Z", "2026-03-16T10:00:00.500Z"], "2026-03-16T10:00:00.500Z"),
        (["2026-03-16T10:00:00+02:00", "2026-03-16T09:00:00Z"], "2026-03-16T09:00:00Z"),
        (["2026-03-16T10:00:00.000Z", "2026-03-16T11:00:00.000Z", None], "2026-03-16T11:00:00.000Z"),
        (["2026-03-16T10:00:00.000Z", "zzzz-zz-zzzzz:zz:zz.zzzZ"], "2026-03-16T10:00:00.000Z"),
        (["tomorrow"], None),
    ],
)
def test_greatest(values: list[str | None], expected: str | None) -> None:
    assert greatest(values) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-16T00:05:00.000Z", "2026-03-15T23:55:00.000Z"),
        ("2028-03-01T00:00:00Z", "2028-02-29T23:50:00.000Z"),
        ("2026-03-29T03:05:00.123456+02:00", "2026-03-29T00:55:00.123456Z"),
    ],
)
def test_minus_minutes(value: str, expected: str) -> None:
    assert minus_minutes(value, 10) == expected


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        parse_time("2026-03-16T00:00:00")

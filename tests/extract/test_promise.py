"""Records without their key, or too large, are told from the others; the cursor is the greatest of what is kept."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.answer import Answer
from extract.paginate import CursorFormat, PageToken
from extract.promise import Broken, Promise
from extract.source import Cursor, Stream
from tests.extract.walking import often

SCALARS = (
    st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5) | st.floats(allow_nan=False, allow_infinity=False)
)
NO_KEYS = st.none() | st.booleans() | st.just([]) | st.just({})


def stream(*key: str | int, cursor: Cursor | None = None) -> Stream:
    return Stream("things", "/things", primary_key=key, cursor=cursor, full_list=cursor is None)


def checked(declared: Stream, records: list[Any], **limits: int) -> tuple[Broken, str | None]:
    texts = [record if isinstance(record, bytes) else json.dumps(record).encode() for record in records]
    body = b'{"data":[' + b",".join(texts) + b'],"next_page_token":null}'
    page = PageToken().start().read(Answer(body), 1000)
    return Promise(declared, **limits).check(page)


@often
@given(st.lists(st.tuples(SCALARS | NO_KEYS, SCALARS | NO_KEYS)))
def test_exactly_the_records_without_a_usable_key_are_broken(keys: list[tuple[Any, Any]]) -> None:
    usable = [
        all(isinstance(key, str | int | float) and not isinstance(key, bool) for key in pair) for pair in keys
    ]
    expected = [position for position, is_usable in enumerate(usable) if not is_usable]
    objects = [{"x": 1, "b": second, "a": first} for first, second in keys]
    arrays = [[first, "x", second, "y"] for first, second in keys]
    for declared, records in ((stream("a", "b"), objects), (stream(0, 2), arrays)):
        broken, _ = checked(declared, records)
        assert list(broken) == expected
        assert all(reason.startswith("no usable key (") for reason in broken.values())


@pytest.mark.parametrize("record", [b"[1]", b"[]", b"{}", b"7", b'"x"', b"null"])
def test_a_record_of_another_shape_is_broken_alone(record: bytes) -> None:
    broken, _ = checked(stream(0, 1), [["a", 1], record, ["b", 2]])
    assert list(broken) == [1]


def test_a_record_beyond_the_limit_is_broken_and_does_not_move_the_cursor() -> None:
    times = [f"2026-03-16T10:00:0{second}Z" for second in range(3)]
    records = [{"id": number, "at": at, "x": "x" * (100 * number)} for number, at in enumerate(times)]
    limit = len(json.dumps(records[1]))
    found = checked(stream("id", cursor=Cursor("since", "at")), records, max_record_bytes=limit)
    reason = f"too large: {limit + 100} bytes, more than load.max_record_bytes = {limit}"
    assert found == ({2: reason}, times[1])


@often
@given(
    st.lists(st.integers(0, 2**53) | st.none() | st.just("later") | st.just([])), st.booleans(), st.booleans()
)
def test_the_greatest_whole_number_is_the_cursor(values: list[Any], spelt: bool, is_key: bool) -> None:
    numbers = [value for value in values if isinstance(value, int)]
    expected = str(max(numbers)) if numbers else None
    told = [str(value) if spelt and isinstance(value, int) else value for value in values]
    for form in (CursorFormat.EPOCH_MILLISECONDS, CursorFormat.ID):
        if is_key:
            arrays = [[value, "x"] for value in told if isinstance(value, int | str)]
            assert checked(stream(0, cursor=Cursor("from", 0, form)), arrays)[1] == expected
            objects = [{"b": text, "a": value} for value, text in arrays]
            assert checked(stream("b", "a", cursor=Cursor("from", "a", form)), objects)[1] == expected
        else:
            objects = [{"id": number, "at": value} for number, value in enumerate(told)]
            assert checked(stream("id", cursor=Cursor("from", "at", form)), objects) == ({}, expected)


def test_an_odd_cursor_value_breaks_no_record_and_counts_for_nothing() -> None:
    at = "2026-03-16T10:00:00Z"
    records = [
        {"id": number, "at": value}
        for number, value in enumerate([None, 7, at, [], {}, True, "soon", "9999"])
    ]
    records.append({"id": 9})
    assert checked(stream("id", cursor=Cursor("since", "at")), records) == ({}, at)
    assert checked(stream("id", cursor=Cursor("since", "at")), []) == ({}, None)


def test_a_fraction_of_a_second_is_not_skipped_by_the_next_sweep() -> None:
    cursor = Cursor("since", "at", CursorFormat.EPOCH_SECONDS)
    assert checked(stream("id", cursor=cursor), [{"id": 1, "at": 17.9}, {"id": 2, "at": 16}]) == ({}, "17")


@pytest.mark.parametrize("dirty", [b'"\\ud800"', b'"\x01"', b'"\xff"', b"1e400", b"9" * 200_000])
def test_what_postgres_is_to_judge_is_no_broken_promise(dirty: bytes) -> None:
    at = "2026-03-16T10:00:00Z"
    records = [{"id": 1, "at": at}, b'{"id":2,"at":"2026-03-16T09:00:00Z","x":' + dirty + b"}"]
    assert checked(stream("id", cursor=Cursor("since", "at")), records) == ({}, at)

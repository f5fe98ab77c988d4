"""What Postgres cannot hold is replaced visibly, and nothing else changes."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.rows import TupleRow

from extract.repair import NO_UTF8, NUMBER, SURROGATE, ZERO, is_key_damaged, repair

Conn = psycopg.Connection[TupleRow]

HUGE = b"1e400000"
TINY = b"-1.5e-20000"
LONG = b"9" * 131_073


@pytest.fixture(scope="module")
def postgres(postgres_server: Any) -> Iterator[Conn]:
    with psycopg.connect(postgres_server.conninfo(), autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(
    ("record", "expected", "names"),
    [
        (rb'{"a":"x\u0000y"}', rb'{"a":"x\ufffdy"}', [ZERO]),
        (b'{"a":"x\x00y"}', rb'{"a":"x\ufffdy"}', [ZERO]),
        (rb'{"a":"x\\u0000y"}', rb'{"a":"x\\u0000y"}', []),
        (rb'{"a":"x\\\u0000y"}', rb'{"a":"x\\\ufffdy"}', [ZERO]),
        (rb'{"a\u0000":1}', rb'{"a\ufffd":1}', [ZERO]),
        (rb'{"a":"\ud83d\ude00\udead"}', rb'{"a":"\ud83d\ude00\ufffd"}', [SURROGATE]),
        (rb'{"a":"\ud83d\u0000"}', rb'{"a":"\ufffd\ufffd"}', [ZERO, SURROGATE]),
        (b'{"a":"\xff\xc3\xa9"}', '{"a":"\ufffdé"}'.encode(), [NO_UTF8]),
        (b'{"a":"\xed\xa0\x80"}', '{"a":"\ufffd\ufffd\ufffd"}'.encode(), [NO_UTF8]),
        (b'{"a":' + HUGE + b"}", b'{"a":"1e400000"}', [NUMBER]),
        (b"[" + TINY + b",1e5,-0.1,0]", b'["-1.5e-20000",1e5,-0.1,0]', [NUMBER]),
        (b'{"a":' + LONG + b"}", b'{"a":"' + LONG + b'"}', [NUMBER]),
        (b'{"a":"1e400000 \\" 1e400000"}', b'{"a":"1e400000 \\" 1e400000"}', []),
        (b'{"1e400000":"\xff",\n "b" : 1E+400000 }', '{"1e400000":"\ufffd",\n "b" : "1E+400000" }'.encode(),
         [NO_UTF8, NUMBER]),
    ],
)  # fmt: skip
def test_something_else_is_replaced(record: bytes, expected: bytes, names: list[str], postgres: Conn) -> None:
    assert repair(postgres, record) == (expected, names)
    valid = postgres.execute("select pg_input_is_valid(%s, 'jsonb')", [expected.decode()]).fetchone()
    assert valid == (True,)


GOOD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False, places=3)
    | st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",))),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('ab\\"u0é', max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
BAD = {
    ZERO: [rb'"\u0000"', b'"\x00\x00"'],
    SURROGATE: [rb'"\ud800"', rb'"x\uDEADy"'],
    NO_UTF8: [b'"\xff"', b'"\xc3"', b'"\xed\xa0\x80"'],
    NUMBER: [HUGE, b"-2.5E+200000", b"1e-20000"],
}


def spelt(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=float)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(GOOD, max_size=4), st.lists(st.sampled_from([(n, b) for n in BAD for b in BAD[n]]), max_size=4)
)
def test_a_repaired_record_is_refused_or_a_good_field_changes(
    postgres: Conn, good: list[Any], bad: list[tuple[str, bytes]]
) -> None:
    """Any mixture of good and bad fields: Postgres takes what comes out, and each good field is what it was."""
    fields = [f'"good {n}":{spelt(value)}'.encode() for n, value in enumerate(good)]
    fields += [f'"bad {n}":'.encode() + value for n, (_, value) in enumerate(bad)]
    record = b"{" + b", ".join(fields) + b"}"
    repaired, names = repair(postgres, record)
    assert names == [name for name in (ZERO, SURROGATE, NO_UTF8, NUMBER) if name in {n for n, _ in bad}]
    row = postgres.execute("select (%s::jsonb)::text", [repaired.decode()]).fetchone()
    assert row is not None
    found = json.loads(row[0], parse_float=Decimal)
    for number, value in enumerate(good):
        assert found[f"good {number}"] == json.loads(spelt(value), parse_float=Decimal)
    for number, (name, value) in enumerate(bad):
        given_back = found[f"bad {number}"]
        assert given_back == value.decode() if name == NUMBER else "\ufffd" in given_back
    if not bad:
        assert repaired == record


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text('"\\ud80dfe01{}[],:-. ', max_size=40).map(str.encode))
def test_bytes_of_any_kind_stop_a_repair(postgres: Conn, record: bytes) -> None:
    """No JSON, cut off in an escape, anything: it comes out, in the same order of things, or as it was."""
    repaired, names = repair(postgres, record)
    repaired.decode()
    assert (repaired == record) == (names == [])
    assert repair(postgres, repaired) == (repaired, []), "a second repair finds more to do"


def test_a_damaged_key_passes_for_a_key() -> None:
    assert is_key_damaged(rb'{"id":"a\ufffd","x":1}', ["id"])
    assert is_key_damaged(rb'{"part":1,"id":"\ufffd"}', ["part", "id"])
    assert not is_key_damaged(rb'{"id":"a","note":"\ufffd"}', ["id"])
    assert not is_key_damaged(b"[1]", ["id"])
    assert not is_key_damaged(b"{", ["id"])

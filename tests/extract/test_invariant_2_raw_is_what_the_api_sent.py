"""Invariant 2: no shaping before base; decimals stay exact."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract.run_record import RunResult
from tests.extract.fake_api import FakeApi

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=20)
NUMBER = st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)
SCALAR = st.one_of(st.sampled_from(["null", "true", "false"]), TEXT.map(json.dumps), NUMBER)
ESCAPED = TEXT.map(lambda text: json.dumps(text, ensure_ascii=False))


def _list(values: list[str]) -> str:
    return "[" + " , ".join(values) + "]"


def _object(values: dict[str, str]) -> str:
    return "{" + ",\n".join(f"{json.dumps(key)} : {value}" for key, value in values.items()) + "}"


VALUE = st.recursive(
    SCALAR | ESCAPED,
    lambda inner: (
        st.lists(inner, max_size=4).map(_list) | st.dictionaries(TEXT, inner, max_size=4).map(_object)
    ),
    max_leaves=12,
)
RECORDS = st.lists(st.dictionaries(TEXT, VALUE, max_size=5), min_size=1, max_size=20)


def exact(text: str) -> Any:
    """JSON with its numbers as exact decimals."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


@pytest.fixture
def read_raw(elt_database: Any) -> Iterator[Callable[[], list[str]]]:
    connection = elt_database.connect("admin", autocommit=True)

    def read() -> list[str]:
        rows = connection.execute(
            """
            select record::text from raw.smartpizza__branches
            where load_id > (select max(load_id) - 2 from raw.smartpizza__branches)
                and load_id in (
                    select load_id from ops.loads where sweep_id = (select max(sweep_id) from ops.sweeps)
                )
            order by load_id, load_position
            """
        ).fetchall()
        return [row[0] for row in rows]

    yield read
    connection.close()


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(records=RECORDS)
def test_every_record_arrives_as_it_was_sent(
    records: list[dict[str, str]], extract: Callable[..., RunResult], read_raw: Callable[[], list[str]]
) -> None:
    sent = [_object({**fields, "branch_id": str(number)}) for number, fields in enumerate(records)]
    result = extract(FakeApi(branches=[text.encode() for text in sent]), "branches")
    assert result.error is None
    assert [exact(text) for text in read_raw()] == [exact(text) for text in sent]


def test_numbers_keep_their_digits(
    extract: Callable[..., RunResult], read_raw: Callable[[], list[str]]
) -> None:
    numbers = ["0.1", "1.10", "25.970000000000000000001", "1e30", "-0.0", "9007199254740993"]
    sent = [f'{{"branch_id":1,"amount":{number}}}'.encode() for number in numbers]
    extract(FakeApi(branches=sent), "branches")
    assert [exact(stored)["amount"] for stored in read_raw()] == [Decimal(number) for number in numbers]


def test_context_time_and_position_stand_beside_the_record(
    extract: Callable[..., RunResult], elt_database: Any
) -> None:
    extract(FakeApi(branches=[{"branch_id": number} for number in range(25)]), "branches")
    with elt_database.connect("admin") as admin:
        rows = admin.execute(
            """
            select load_position, record -> 'branch_id', served_at at time zone 'UTC', context,
                loaded_on = (extracted_at at time zone 'UTC')::date
            from raw.smartpizza__branches order by load_id, load_position
            """
        ).fetchall()
    assert [row[1] for row in rows] == list(range(25))
    assert [row[0] for row in rows] == [*range(20), *range(5)]
    assert {str(row[2]) for row in rows} == {"2026-03-16 12:00:00"}
    assert {row[3] for row in rows} == {None}

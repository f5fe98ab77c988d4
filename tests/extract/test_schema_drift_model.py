"""Schema drift in SQL says what a plain model in Python says, for any two batches of JSON records."""

import json
import re
from collections import Counter
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import EltDatabase

Steps = tuple[str, ...]
Shape = dict[str, Counter[str]]

KEYS = st.sampled_from(["a", "b", "c.d", 'say "x"', "", "\u00e4", "tab\t"])
LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.text("xy", max_size=2)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
RECORDS = st.dictionaries(KEYS, VALUES, max_size=4) | st.lists(VALUES, max_size=3)
BATCHES = st.tuples(st.lists(RECORDS, min_size=1, max_size=4), st.sampled_from([1, 60]))
TYPES = {type(None): "null", bool: "boolean", int: "number", str: "string", list: "array", dict: "object"}


def shape(records: list[Any]) -> tuple[Shape, dict[str, tuple[str, str]]]:
    """How often each path has each type; and the parent of each path with the type it has to have."""
    found: Shape = {}
    parents: dict[str, tuple[str, str]] = {}

    def walk(value: Any, path: str, depth: int) -> None:
        found.setdefault(path, Counter())[TYPES[type(value)]] += 1
        children: list[tuple[str, Any]] = []
        if isinstance(value, dict):
            start = "" if path == "$" else f"{path}."
            children = [(start + named(key), child) for key, child in value.items()]
        elif isinstance(value, list):
            start = "" if path == "$" else path
            children = [(f"{start}[{at if depth == 0 else ''}]", child) for at, child in enumerate(value)]
        for child_path, child in children if depth < 6 else ():
            parents[child_path] = (path, TYPES[type(value)])
            walk(child, child_path, depth + 1)

    for record in records:
        walk(record, "$", 0)
    return found, parents


def named(key: str) -> str:
    return key if re.fullmatch("[A-Za-z_][A-Za-z0-9_-]*", key) else json.dumps(key, ensure_ascii=False)


def model(before: list[Any], after: list[Any]) -> set[tuple[str, str]]:
    """What changed from the first sweep of a stream to the second."""
    (old, old_parents), (new, _) = shape(before), shape(after)
    changes = {(path, "new") for path in new.keys() - old.keys()}
    for path, was in old.items():
        types = set(was) - {"null"}
        if path in new:
            if types and not set(new[path]) - {"null"} <= types:
                changes.add((path, "retyped"))
        elif path != "$":
            parent, kind = old_parents[path]
            always = was.total() >= 0.99 * old[parent][kind]
            if always and new.get(parent, Counter())[kind] >= 100:
                changes.add((path, "vanished"))
    return changes


def load(
    admin: psycopg.Connection, stream: str, records: list[Any], kind: str = "full"
) -> set[tuple[str, str]]:
    """A finished sweep of one load, as the ledger and raw would hold it. Gives the changes noticed."""
    run_id, load_id = uuid4(), admin.execute("select nextval('ops.load_ids')").fetchone()[0]
    admin.execute("insert into ops.runs (run_id, source, command) values (%s, 'any', 'run')", [run_id])
    sweep_id = admin.execute(
        "insert into ops.sweeps (source, stream, kind, run_id) values ('any', %s, %s, %s) returning sweep_id",
        [stream, kind, run_id],
    ).fetchone()[0]
    admin.execute(
        """
        insert into ops.loads
            (load_id, load_order, sweep_id, run_id, source, stream, loaded_on, pages, records, bytes, started_at)
        values (%s, nextval('ops.load_orders'), %s, %s, 'any', %s, current_date, 1, %s, 0, now())
        """,
        [load_id, sweep_id, run_id, stream, len(records)],
    )
    admin.execute(
        """
        insert into raw.smartpizza__orders (load_id, load_position, loaded_on, extracted_at, record)
        select %s, at, current_date, now(), body::jsonb from unnest(%s::text[]) with ordinality as t (body, at)
        """,
        [load_id, [json.dumps(record) for record in records]],
    )
    noticed = admin.execute(
        "select path, change from ops.note_shape(%s, %s, 'smartpizza__orders', 2000)", [run_id, sweep_id]
    ).fetchall()
    return set(noticed)


@pytest.fixture
def admin(elt_database: EltDatabase) -> Any:
    with elt_database.connect("admin", autocommit=True) as connection:
        connection.execute("select ops.ensure_partition('smartpizza__orders', current_date)")
        yield connection


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(before=BATCHES, after=BATCHES)
def test_changes_between_any_two_batches_are_missed_or_made_up(
    admin: psycopg.Connection, before: tuple[list[Any], int], after: tuple[list[Any], int]
) -> None:
    first, second = before[0] * before[1], after[0] * after[1]
    stream = str(uuid4())
    assert load(admin, stream, first) == set()
    assert load(admin, stream, second) == model(first, second)
    known, _ = shape(first + second)
    stored = admin.execute(
        "select path, types, is_nullable from ops.stream_shapes where stream = %s", [stream]
    ).fetchall()
    assert {path: (set(types), nullable) for path, types, nullable in stored} == {
        path: (set(types) - {"null"}, "null" in types) for path, types in known.items()
    }


def test_old_records_are_taken_for_a_field_that_vanished(admin: psycopg.Connection) -> None:
    """A backfill of days before a field was there; what is new in it is told all the same."""
    admin.execute("alter table ops.sweeps drop constraint sweeps_kind_check")
    assert load(admin, "old", [{"a": 1, "b": 1}] * 120) == set()
    assert load(admin, "old", [{"a": 1, "c": 1}] * 120, kind="backfill") == {("c", "new")}
    assert load(admin, "old", [{"a": 1, "c": 1}] * 120) == {("b", "vanished")}


def test_a_partition_that_is_empty_or_gone_stops_a_run(admin: psycopg.Connection) -> None:
    """Of a sweep that began long ago and was resumed now, the first days may be away."""
    load(admin, "away", [{"a": 1}] * 3000)
    run_id, sweep_id = admin.execute(
        "select run_id, sweep_id from ops.loads where stream = 'away'"
    ).fetchone()
    again = ("select * from ops.note_shape(%s, %s, 'smartpizza__orders', 2000)", [run_id, sweep_id])
    admin.execute("truncate raw.smartpizza__orders")
    assert admin.execute(*again).fetchall() == []
    part = admin.execute("select 'raw.smartpizza__orders_' || to_char(current_date, 'YYYYMMDD')").fetchone()[
        0
    ]
    admin.execute(f"drop table {part}")
    assert admin.execute(*again).fetchall() == []

"""A row's way into a line and back: exact, whatever JSON it holds, and summed alike by Postgres and by Python."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.sql import SQL, Identifier

from extract.archive.lines import Checksum
from extract.archive.rows import Content, content_of, insert_lines, lines_of
from tests.extract.archive.conftest import Archive

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=7).map(str) | st.from_regex(
    r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?", fullmatch=True
)
LEAVES = (
    TEXTS.map(json.dumps)
    | NUMBERS
    | st.sampled_from(["null", "true", "false", '"\\\\."', '"\\u0001\\u0002"'])
)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda items: f"[{','.join(items)}]")
        | st.dictionaries(TEXTS, inner, max_size=4).map(
            lambda fields: "{" + ",".join(f"{json.dumps(key)}:{value}" for key, value in fields.items()) + "}"
        )
    ),
    max_leaves=12,
).map(lambda value: f'{{"value": {value}}}')
ROW = st.tuples(DOCUMENTS, st.none() | DOCUMENTS, st.none() | st.datetimes(timezones=st.just(None)))


@given(rows=st.lists(ROW, max_size=5))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_row_comes_back_otherwise_or_sums_otherwise(folder_archive: Archive, rows: list[Any]) -> None:
    connection = folder_archive.connection
    connection.execute("set timezone = 'UTC'")
    with connection.transaction(force_rollback=True):
        for name in ("before", "after"):
            connection.execute(
                SQL("create table raw.{} (like raw.smartpizza__orders)").format(Identifier(name))
            )
        for position, (record, context, served_at) in enumerate(rows):
            connection.execute(
                "insert into raw.before values (7, %s, '2026-03-01', clock_timestamp(), %s, %s, %s)",
                [position, served_at, context, record],
            )
        lines = list(lines_of(connection, "before"))
        checksum = Checksum()
        for line in lines:
            checksum.add(line.removesuffix(b"\n"))
        assert content_of(connection, "before") == Content(checksum.rows, str(checksum))
        insert_lines(connection, "after", [line.removesuffix(b"\n") for line in lines])
        assert content_of(connection, "after") == content_of(connection, "before")
        texts = "select load_position, extracted_at, served_at, context::text, record::text from raw.{}"
        one, other = (
            connection.execute(texts.format(name) + " order by 1").fetchall() for name in ("before", "after")
        )
        assert one == other

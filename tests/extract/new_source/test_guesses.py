"""What is guessed of sampled records: paging, key, cursor, columns, and what is personal."""

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.answer import Answer
from extract.errors import BadAnswerError, ConfigurationError
from extract.new_source.columns import columns_of
from extract.new_source.declaration import as_code
from extract.new_source.identity import guess_cursor, guess_key
from extract.new_source.names import RESERVED, base_name, singular, snake_case
from extract.new_source.paging import Paging, guess_paging
from extract.new_source.personal import Disguise, are_about_persons, personal_fields
from extract.paginate import (
    CursorFormat,
    Envelope,
    LinkHeader,
    NextUrl,
    PageNumber,
    PageOffset,
    PageToken,
    Size,
)
from extract.source import Cursor, Stream

RECORDS = [{"id": 1}, {"id": 2}]


def seen(body: Any, query: dict[str, str], **headers: str) -> Paging:
    url = f"https://api.test/things?{urlencode(query)}"
    return guess_paging(Answer(json.dumps(body).encode(), headers, url), "things", query)


RECOGNISED: dict[str, tuple[Any, dict[str, str], Any, dict[str, str], int]] = {
    "SmartPizza": (
        {"data": RECORDS, "next_page_token": "abc", "as_of": "2026-03-16T10:00:00Z"},
        {},
        PageToken(may_lack=True),
        {},
        2,
    ),
    "Google": (
        {"kind": "list", "items": RECORDS, "nextPageToken": "abc"},
        {"region": "eu"},
        PageToken(Envelope("items"), "nextPageToken", "pageToken", Size("pageSize"), may_lack=True),
        {"region": "eu"},
        2,
    ),
    "Slack": (
        {"ok": True, "warnings": [{}], "things": RECORDS, "response_metadata": {"next_cursor": ""}},
        {"limit": "50", "cursor": "of-somebody's-bookmark"},
        PageToken(
            Envelope("things"), "response_metadata.next_cursor", "cursor", Size("limit"), may_lack=True
        ),
        {},
        50,
    ),
    "HubSpot": (
        {"results": RECORDS, "paging": {"next": {"after": "NTI1Cg", "link": "?after=NTI1Cg"}}},
        {},
        PageToken(Envelope("results"), "paging.next.after", "after", Size("limit"), may_lack=True),
        {},
        2,
    ),
    "Django": (
        {"count": 9, "next": "https://api.test/things?page=2", "previous": None, "results": RECORDS},
        {},
        NextUrl(Envelope("results"), "next", Size("limit"), may_lack=True),
        {},
        2,
    ),
    "an offset": (
        {"items": RECORDS, "total": 9, "offset": 0, "limit": 2},
        {},
        PageOffset(Envelope("items", total="total"), "offset", Size("limit")),
        {},
        2,
    ),
    "an offset in the URL": (
        RECORDS,
        {"skip": "0", "top": "100", "sort": "id"},
        PageOffset(Envelope(None), "skip", Size("top")),
        {"sort": "id"},
        100,
    ),
    "numbered pages": (
        {"data": RECORDS, "meta": {"current_page": 1, "last_page": 4, "per_page": 2, "total": 7}},
        {"page": "1"},
        PageNumber(Envelope(total="meta.total"), "page", Size("per_page"), total_pages="meta.last_page"),
        {},
        2,
    ),
    "numbered pages from 0": (
        {"content": RECORDS, "page": {"number": 0, "size": 2, "totalPages": 3}, "hasNext": True},
        {"page": "0", "size": "2"},
        PageNumber(Envelope("content"), "page", Size("size"), 0, has_more="hasNext"),
        {},
        2,
    ),
}


@pytest.mark.parametrize("name", RECOGNISED)
def test_a_common_way_of_paging_is_not_recognised(name: str) -> None:
    body, query, paginator, params, page_size = RECOGNISED[name]
    found = seen(body, query)
    assert (found.paginator, found.params, found.page_size) == (paginator, params, page_size)
    assert found.records == RECORDS
    assert all(guess.why for guess in found.guesses)


def test_the_link_header_is_not_recognised() -> None:
    link = '<https://api.test/things?page=2>; rel="next", <https://api.test/things?page=5>; rel="last"'
    found = seen(RECORDS, {"per_page": "2", "state": "all"}, link=link)
    assert found.paginator == LinkHeader(Envelope(None), Size("per_page"))
    assert found.params == {"state": "all"}


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        (b"<html>", BadAnswerError, "the answer is no JSON: '<html>'"),
        (b'{"error": "no"}', BadAnswerError, "holds no list of objects; its fields: error"),
        (b"[1, 2]", BadAnswerError, "the answer is a list, but not of objects"),
        (
            b'{"data": [{}], "hint": 1}',
            ConfigurationError,
            "beside the records the answer holds hint, and no Link",
        ),
        (b"[{}]", ConfigurationError, "let --url say so: ?page=1&per_page=100"),
    ],
)
def test_what_is_no_list_is_taken_for_one(body: bytes, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=re.escape(words)):
        guess_paging(Answer(body), "things", {})


def test_another_field_than_the_key_is_taken_for_it() -> None:
    def key(*records: dict[str, Any]) -> tuple[str, ...]:
        return guess_key(list(records), "orders", None)[0]

    assert key({"name": "a", "order_id": "x", "id": 1}, {"name": "b", "order_id": "y", "id": 2}) == ("id",)
    assert key({"id": 1, "order_id": "x"}, {"id": 1, "order_id": "y"}) == ("order_id",)
    assert key({"id": 1, "uuid": "x"}, {"uuid": "y"}) == ("uuid",)
    assert key({"id": True, "number": 1}, {"id": False, "number": 2}) == ("number",)
    for records in ([{"name": "a"}], [{"id": 1.5}], [{"id": 1}, {"id": 1}]):
        with pytest.raises(ConfigurationError, match="name it by --key"):
            guess_key(records, "orders", None)
    assert guess_key([{"a": 1, "b": 1}, {"a": 1, "b": 2}], "orders", ("a", "b"))[0] == ("a", "b")


def test_a_time_that_does_not_tell_of_changes_is_taken_for_the_cursor() -> None:
    time = "2026-03-16T10:00:00Z"

    def cursor(record: dict[str, Any], query: dict[str, str] | None = None, wished: str | None = None) -> Any:
        return guess_cursor([record], query or {}, wished)[0]

    assert cursor({"created_at": time, "updated_at": time}) == Cursor("updated_since", "updated_at")
    assert cursor({"lastModified": time}, {"modified_after": time}) == Cursor(
        "modified_after", "lastModified"
    )
    assert cursor({"updated": time}, wished="since=updated") == Cursor("since", "updated")
    assert cursor({"created_at": time}, wished="created_at") == Cursor("updated_since", "created_at")
    assert cursor({"updated": 1_772_000_000}) == Cursor(
        "updated_since", "updated", CursorFormat.EPOCH_SECONDS
    )
    millis = Cursor("since", "updated", CursorFormat.EPOCH_MILLISECONDS)
    assert cursor({"updated": 1_772_000_000_000}, wished="since=updated") == millis
    for record in ({"created_at": time}, {"updated_at": "2026-03-16T10:00:00"}, {"updated_at": None}):
        assert cursor(record) is None
    assert cursor({"updated_at": time}, wished="none") is None


def test_a_column_gets_another_type_or_name_than_its_values_have() -> None:
    records = [
        {"id": 2**63, "orderDate": "2026-01-01", "paidTime": "2026-01-01T00:00:00Z", "total": 5, "ratio": 1,
         "active": True, "isNew": False, "apiVersion": "1.10", "phoneless": None, "tags": [], "mixed": 1,
         "limit": "x", "load_order": 7, "2nd": "y", "updated": 1_772_000_000_000, "created": 12},
        {"ratio": 0.5, "mixed": "a"},
    ]  # fmt: skip
    columns, unfit = columns_of(records, "orders", ("id",), ())
    assert {column.field: (column.name, column.staging_name, column.kind, column.epoch) for column in columns} == {
        "id": ("id", "order_id", "numeric", None),
        "orderDate": ("order_date", "order_date", "date", None),
        "paidTime": ("paid_time", "paid_at", "timestamptz", None),
        "total": ("total", "total_amount", "numeric", None),
        "ratio": ("ratio", "ratio", "numeric", None),
        "active": ("active", "is_active", "boolean", None),
        "isNew": ("is_new", "is_new", "boolean", None),
        "apiVersion": ("api_version", "api_version", "text", None),
        "phoneless": ("phoneless", "phoneless", "text", None),
        "tags": ("tags", "tags", "list", None),
        "mixed": ("mixed", "mixed", "text", None),
        "limit": ("order_limit", "order_limit", "text", None),
        "load_order": ("order_load_order", "order_load_order", "bigint", None),
        "updated": ("updated", "updated_at", "bigint", 1000),
        "created": ("created", "created", "bigint", None),
    }  # fmt: skip
    assert unfit == ["2nd"]


def test_a_name_that_postgres_reserves_becomes_a_column(elt_database: Any) -> None:
    with elt_database.connect() as connection:
        words = connection.execute(
            "select word from pg_get_keywords() where catcode in ('R', 'T')"
        ).fetchall()
    assert {word for (word,) in words} == RESERVED
    assert base_name("user", "order") == "order_user"


@given(st.text(max_size=40))
def test_a_field_becomes_a_name_that_is_none(field: str) -> None:
    assert re.fullmatch(r"([a-z0-9]+(_[a-z0-9]+)*)?", snake_case(field))
    assert singular(snake_case(field)) == singular(snake_case(field)).strip("_")


SECRETIVE = st.fixed_dictionaries(
    {
        "id": st.integers(),
        "email": st.emails(),
        "phone": st.from_regex(r"\+49 1[567]\d \d{7}", fullmatch=True),
        "first_name": st.text(st.characters(categories=["Lu", "Ll"]), min_size=4, max_size=12),
        "zip": st.integers(10000, 99999),
        "total": st.floats(allow_nan=False, allow_infinity=False),
        "nested": st.fixed_dictionaries({"login": st.from_regex(r"[a-z]{6,12}", fullmatch=True)}),
    }
)


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value)


@given(st.lists(SECRETIVE, min_size=1, max_size=5))
def test_a_disguise_lets_a_person_through_or_changes_a_type(people: list[dict[str, Any]]) -> None:
    records = [
        person | {"note": f"{person['email']} rang", "url": f"https://x.test/{person['nested']['login']}"}
        for person in people
    ]
    disguised = Disguise().records(records)
    assert shape(disguised) == shape(records)
    text = json.dumps(disguised, ensure_ascii=False)
    for person in people:
        for secret in (person["email"], person["phone"], person["nested"]["login"]):
            assert secret not in text
    for field in ("id", "total"):
        assert [record[field] for record in disguised] == [record[field] for record in records]
    for field in ("email", "first_name"):
        same = [[one[field] == other[field] for one in records] for other in records]
        assert [[one[field] == other[field] for one in disguised] for other in disguised] == same


def test_a_thing_is_taken_for_a_person_or_a_person_for_a_thing() -> None:
    assert personal_fields([{"id": 1, "name": "Margherita", "price": "8.50", "email": None}]) == ()
    assert personal_fields([{"id": 1, "name": "Jane", "email": "jane@mail.test"}]) == ("name", "email")
    assert personal_fields([{"id": 1, "user": {"login": "jane"}, "name": "A bug"}]) == ("user",)
    assert personal_fields([{"id": 1, "name": "A bug", "body": "says jane@mail.test"}]) == ("body",)
    assert are_about_persons([{"id": 1, "phone": None}, {"id": 2, "phone": "+49 170 1234567"}])
    assert not are_about_persons(
        [{"id": 1, "phone": None, "user": {"login": "jane"}, "body": "jane@mail.test"}]
    )
    assert personal_fields([{"id": 1, "contact_info": "jane@mail.test"}, {"id": 2}]) == ("contact_info",)


@pytest.mark.parametrize("length", [3, 30, 60, 90, 110])
def test_a_declaration_is_formatted_otherwise_than_by_ruff(length: int, tmp_path: Path) -> None:
    stream = Stream(
        name="things",
        path="/" + "p" * length,
        primary_key=("id", "k" * length),
        paginator=PageToken(Envelope("d" * length, total="total"), "next", size=Size("n", most=7)),
        cursor=Cursor("since", "u" * length, CursorFormat.EPOCH_SECONDS),
        params={"first": "x" * length, 'qu"ote': "y"},
    )
    file = tmp_path / "declared.py"
    paginators = "from extract.paginate import CursorFormat, Envelope, PageToken, Size\n"
    source = "from extract.source import Cursor, Stream\n\n"
    file.write_text(f"{paginators}{source}STREAM = {as_code(stream)}\n")
    ruff = [
        str(Path(sys.executable).with_name("ruff")),
        "format",
        "--line-length",
        "110",
        "--diff",
        str(file),
    ]
    done = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert runpy.run_path(str(file))["STREAM"] == stream

"""Sweeps: going on where the last one stopped, expired tokens, answers that are no pages."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from extract.errors import Exit
from extract.run_record import RunResult
from extract.settings import Settings
from tests.extract.fake_api import FakeApi, answer, envelope, order


@pytest.fixture
def ledger(elt_database: Any) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
    with elt_database.connect("admin", autocommit=True) as connection:
        yield lambda query: connection.execute(query).fetchall()


def numbers(ledger: Callable[[str], list[tuple[Any, ...]]]) -> list[int]:
    rows = ledger("select record ->> 'order_id' from raw.smartpizza__orders order by load_id, load_position")
    return [int(row[0].split("-")[1]) for row in rows]


def html(request: httpx.Request) -> httpx.Response:
    return answer(b"<html>Sign in</html>", content_type="text/html")


def test_a_failed_sweep_goes_on_from_its_last_load(extract: Callable[..., RunResult], ledger: Any) -> None:
    api = FakeApi(orders=[order(number, minute=number // 4) for number in range(95)])
    api.planned = [None, None, None, html, html, html]
    first = extract(api)
    assert first.exit_code == Exit.FAILED
    assert "GET http://api.test/v1/orders: the answer is HTML" in str(first.error)
    assert ledger("select status, records, position ->> 'page' from ops.sweeps") == [("failed", 30, "3")]
    assert ledger("select count(*) from ops.cursors") == [(0,)]
    before = len(api.requests)
    second = extract(api)
    assert second.exit_code == 0
    assert second.streams[0].resumed
    assert len(api.requests) - before == 7, "pages were fetched again"
    assert numbers(ledger) == list(range(95))
    assert ledger("select status, served, records, restarts from ops.sweeps") == [("finished", 95, 95, 0)]


NO_PAGES = [
    (b'{"error": {"code": 17}}', "error body"),
    (b'{"data": [], "has_more": false}', "not the declared JSON envelope"),
    (b'{"data": null, "next_page_token": null}', "not the declared JSON envelope"),
    (b'[{"order_id": 1}]', "not the declared JSON envelope"),
    (b'{"data": [{"order_id"', "not the declared JSON envelope"),
    (b"", "not the declared JSON envelope"),
    (b'{"data": ' + b"[" * 100_000, "not the declared JSON envelope"),
    (b'{"data": [], "next_page_token": null, "as_of": "yesterday"}', "as_of is no time"),
]


def test_what_is_no_page_is_retried_and_then_fails(extract: Callable[..., RunResult], ledger: Any) -> None:
    for body, words in NO_PAGES:
        api = FakeApi(orders=[order(1)])
        api.planned = [lambda _, body=body: answer(body)] * 3
        result = extract(api)
        assert result.exit_code == Exit.FAILED
        assert words in str(result.error)
        assert len(api.requests) == 3
    assert ledger("select records, dead_letters, position from ops.loads where records > 0") == []
    bodies = {bytes(row[0]) for row in ledger("select bytes from ops.dead_letters where position = -1")}
    assert bodies == {body for body, _ in NO_PAGES}
    api.planned = [lambda _: answer(b"")]
    assert extract(api).exit_code == 0, "one answer that is no page must not end the sweep"
    assert ledger("select distinct status, mended_by_load_id from ops.dead_letters") == [("replayed", 9)]


def test_a_page_that_stays_broken_is_buried_again_and_again(
    extract: Callable[..., RunResult], ledger: Any
) -> None:
    api = FakeApi(orders=[order(number) for number in range(35)])
    for _ in range(3):
        api.planned = [None, html, html, html] if not ledger("select 1 from ops.loads") else [html] * 3
        assert extract(api).exit_code == Exit.FAILED
    told = ledger("select page, position, bytes, reason, status from ops.dead_letters")
    assert [row[:3] for row in told] == [(2, -1, b"<html>Sign in</html>")]
    assert "the answer is HTML" in told[0][3]
    assert ledger("select served, records, dead_letters from ops.sweeps") == [(10, 10, 0)]
    assert extract(api).exit_code == 0
    assert numbers(ledger) == list(range(35))
    assert ledger("select status from ops.dead_letters") == [("replayed",)]


def test_one_stream_that_fails_does_not_stop_the_others(extract: Callable[..., RunResult]) -> None:
    api = FakeApi(orders=[order(1)], branches=[{"branch_id": 1}])
    api.planned = [html] * 3
    result = extract(api, "branches", "orders")
    assert result.exit_code == Exit.FAILED
    assert [stream.records for stream in result.streams] == [0, 1]


def test_an_empty_page_with_a_token_is_not_the_end(extract: Callable[..., RunResult]) -> None:
    api = FakeApi()
    api.planned = [
        lambda _: envelope([order(1)], "a", "2026-03-16T12:00:00.000Z"),
        lambda _: envelope([], "b"),
        lambda _: envelope([order(2)], None),
    ]
    assert extract(api).streams[0].records == 2


def test_a_token_that_comes_again_ends_the_loop(extract: Callable[..., RunResult]) -> None:
    api = FakeApi()
    api.planned = [lambda _: envelope([order(1)], "again")] * 9
    result = extract(api)
    assert result.exit_code == Exit.FAILED
    assert "followed before" in str(result.error)
    assert len(api.requests) == 4


def test_an_expired_token_goes_on_from_the_last_committed_cursor(
    extract: Callable[..., RunResult], ledger: Any
) -> None:
    api = FakeApi(orders=[order(number, minute=number) for number in range(60)])
    api.expire = lambda _, use: use == 4
    result = extract(api)
    assert result.exit_code == 0
    asked = [request.url.params.get("updated_since") for request in api.requests]
    assert asked[:5] == [None] * 5
    assert set(asked[5:]) == {"2026-03-16T10:39:00.000Z"}
    assert "page_token" not in api.requests[5].url.params
    assert sorted(set(numbers(ledger))) == list(range(60))
    assert ledger("select restarts, served = records from ops.sweeps") == [(1, True)]
    assert ledger("select distinct watermark #>> '{}' from ops.cursors") == [("2026-03-16T12:00:00.000Z",)]


def test_an_expired_token_of_a_resumed_sweep_goes_on_from_the_ledger(
    extract: Callable[..., RunResult], ledger: Any
) -> None:
    api = FakeApi(orders=[order(number, minute=number) for number in range(60)])
    api.planned = [None, None, html, html, html]
    extract(api)
    api.expire = lambda _, use: use == 2
    before = len(api.requests)
    assert extract(api).exit_code == 0
    assert [request.url.params.get("updated_since") for request in api.requests[before:]][:2] == [
        None,
        "2026-03-16T10:19:00.000Z",
    ]
    assert sorted(set(numbers(ledger))) == list(range(60))


def test_a_full_list_begins_anew_when_its_token_expires(
    extract: Callable[..., RunResult], ledger: Any
) -> None:
    api = FakeApi(branches=[{"branch_id": number} for number in range(35)])
    api.expire = lambda _, use: use == 3
    assert extract(api, "branches").exit_code == 0
    found = ledger("select count(distinct record -> 'branch_id') from raw.smartpizza__branches")
    assert found == [(35,)]
    assert ledger("select kind, status, restarts from ops.sweeps") == [("full", "finished", 1)]


def test_tokens_that_always_expire_end_with_an_error(
    extract: Callable[..., RunResult], make_settings: Callable[..., Settings]
) -> None:
    api = FakeApi(orders=[order(number) for number in range(60)])
    api.expire = lambda *_: True
    result = extract(api, settings=make_settings(http={"max_restarts": 4}))
    assert result.exit_code == Exit.FAILED
    assert "http.max_restarts = 4" in str(result.error)
    assert len(api.requests) == 10


def test_loads_are_cut_by_rows_and_by_bytes(
    extract: Callable[..., RunResult], make_settings: Callable[..., Settings], ledger: Any
) -> None:
    api = FakeApi(orders=[order(number, minute=number, note="x" * 100) for number in range(50)])
    extract(api, settings=make_settings(load={"max_rows": 40}))
    assert ledger("select records from ops.loads order by load_order") == [(30,), (20,)]
    extract(api, "orders", settings=make_settings(load={"max_rows": 40, "max_bytes": 1}, page_size=4))
    assert ledger("select max(records) from ops.loads where load_order > 2") <= [(4,)]

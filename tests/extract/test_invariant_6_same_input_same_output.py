"""Invariant 6, extraction's part: a second run over the same window brings nothing that is not there."""

from collections.abc import Callable
from typing import Any

from extract.run_record import RunResult
from tests.extract.fake_api import FakeApi, order

DISTINCT = "select distinct record::text from raw.smartpizza__orders order by 1"


def test_a_second_run_brings_only_what_the_overlap_repeats(
    extract: Callable[..., RunResult], elt_database: Any
) -> None:
    api = FakeApi(orders=[order(number, minute=number) for number in range(100)])
    api.as_of = "2026-03-16T11:40:00.000Z"
    extract(api)
    with elt_database.connect("admin", autocommit=True) as admin:
        before = admin.execute(DISTINCT).fetchall()
        second = extract(api)
        assert second.streams[0].records == 10
        assert admin.execute(DISTINCT).fetchall() == before


def test_the_next_sweep_begins_at_the_watermark_less_the_overlap(extract: Callable[..., RunResult]) -> None:
    api = FakeApi(orders=[order(1)])
    extract(api)
    extract(api)
    since = [request.url.params.get("updated_since") for request in api.requests]
    assert since == [None, "2026-03-16T11:50:00.000Z"]


def test_the_watermark_is_the_first_pages_time(extract: Callable[..., RunResult], elt_database: Any) -> None:
    """What is committed on the server while we page may lie behind the pages already read."""
    api = FakeApi(orders=[order(number) for number in range(25)])
    served = iter(["2026-03-16T12:00:00.000Z", "2026-03-16T12:07:00.000Z", "2026-03-16T12:09:00.000Z"])

    def later(request: Any) -> Any:
        api.as_of = next(served)
        return api.page(request)

    api.planned = [later, later, later]
    result = extract(api)
    assert result.streams[0].watermark == "2026-03-16T12:00:00.000Z"


def test_without_a_time_from_the_api_the_watermark_is_the_greatest_cursor(
    extract: Callable[..., RunResult], elt_database: Any
) -> None:
    api = FakeApi(orders=[order(number, minute=number) for number in range(25)])
    api.as_of = None
    assert extract(api).streams[0].watermark == "2026-03-16T10:24:00.000Z"
    api.lists["/v1/orders"] = []
    assert extract(api).streams[0].watermark == "2026-03-16T10:24:00.000Z", "an empty sweep must not lose it"

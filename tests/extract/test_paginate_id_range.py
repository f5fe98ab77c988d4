"""Pages by id: every record once, in shards too, and bad ids neither end nor shift the walk."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.answer import Answer
from extract.cursor import CursorFormat
from extract.errors import BadAnswerError, ConfigurationError, PageTokenExpiredError
from extract.paginate import Envelope, IdRange, Size
from tests.extract.walking import MODES, URL, Walking, body, often

IDS = st.lists(st.integers(0, 60), unique=True).map(sorted)
KINDS = {
    "no limit told": IdRange(envelope=Envelope(None)),
    "limit known": IdRange(envelope=Envelope(None), size=Size("limit", 7)),
    "arrays": IdRange(1, Envelope(None), size=Size("limit", 7)),
}


def records(ids: list[int], kind: str = "") -> list[Any]:
    return [["BTC", number] if kind == "arrays" else {"id": number} for number in ids]


def serve(ids: list[int], kind: str = "", cap: int = 7) -> Callable[[dict[str, str]], Answer]:
    """A list whose server quietly gives `cap` records a page at most."""

    def page(params: dict[str, str]) -> Answer:
        found = [number for number in ids if number >= int(params["from_id"])]
        return body(records(found[: min(cap, int(params["limit"]))], kind))

    return page


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
@often
@given(ids=IDS, size=st.integers(1, 12), bounds=st.tuples(st.integers(0, 60), st.integers(0, 60)) | st.none())
def test_every_record_of_a_range_comes_once_and_in_order(
    kind: str, mode: str, ids: list[int], size: int, bounds: tuple[int, int] | None
) -> None:
    since, until = sorted(bounds) if bounds else (0, 61)
    told = (str(since), str(until)) if bounds else (None, None)
    walking = Walking(KINDS[kind], serve(ids, kind), *told)
    assert walking.records(size, mode) == records([number for number in ids if since <= number < until], kind)


@often
@given(cuts=st.lists(st.integers(0, 60), max_size=4).map(sorted), ids=IDS, size=st.integers(1, 12))
def test_shards_beside_each_other_neither_repeat_nor_lose(cuts: list[int], ids: list[int], size: int) -> None:
    edges = [0, *cuts, 61]
    found = [
        record
        for since, until in pairwise(edges)
        for record in Walking(KINDS["limit known"], serve(ids), str(since), str(until)).records(size, "ahead")
    ]
    assert found == records(ids)


def test_dense_ids_of_a_known_end_are_fetched_ahead_without_a_wasted_page() -> None:
    walking = Walking(KINDS["limit known"], serve(list(range(21))), "0", "21")
    assert len(walking.records(7, "ahead")) == 21
    assert [params["from_id"] for params in walking.asked] == ["0", "7", "14"]


def test_a_state_keeps_the_end_of_its_shard() -> None:
    page = next(Walking(KINDS["limit known"], serve(list(range(40))), "0", "9").pages(7))
    walk = KINDS["limit known"].start(page.next_state)
    assert [
        json.loads(bytes(record))["id"]
        for record in walk.read(serve(list(range(40)))(walk.params(7)), 7).records
    ] == [7, 8]


BAD = [
    b"{}",
    b'{"id":null}',
    b'{"id":1.5}',
    b'{"id":"x"}',
    b'{"id":"\\ud800"}',
    b'{"id":1e400}',
    b"7",
    b'{"id":"\xff"}',
]


@pytest.mark.parametrize("bad", BAD)
def test_a_record_without_an_id_is_not_lost_and_does_not_stop_the_walk(bad: bytes) -> None:
    texts = [b'{"id":%d}' % number for number in range(9)]
    for place in range(10):
        listed = [(number, text) for number, text in enumerate(texts)]
        listed.insert(place, (place, bad))

        def page(params: dict[str, str], listed: list[tuple[int, bytes]] = listed) -> Answer:
            found = [text for number, text in listed if number >= int(params["from_id"])][:3]
            return Answer(b"[" + b",".join(found) + b"]", {}, URL)

        walking = Walking(IdRange(envelope=Envelope(None), size=Size("limit", 3)), page)
        found = [bytes(record) for page in walking.pages(3) for record in page.records]
        assert found.count(bad) == 1, place
        assert [text for text in found if text != bad] == texts, place


def test_a_full_page_without_any_id_is_refused() -> None:
    with pytest.raises(BadAnswerError, match="no record of a full page holds an id in id"):
        Walking(KINDS["limit known"], lambda _: body([{}] * 7)).records(7)


def test_an_api_that_ignores_the_id_or_its_order_is_refused() -> None:
    with pytest.raises(BadAnswerError, match="id 0 came though from_id = 7 was asked for"):
        Walking(KINDS["limit known"], lambda _: body(records(list(range(7))))).records(7)
    with pytest.raises(BadAnswerError, match="not in ascending order of id"):
        Walking(KINDS["limit known"], lambda _: body(records([3, 2, 1]))).records(7)


def test_ids_of_64_bits_and_ids_spelt_as_text_are_walked() -> None:
    ids = [2**63 - 2, 2**63 - 1, 2**63, 2**64 - 1]
    walking = Walking(
        KINDS["limit known"],
        lambda params: body([{"id": str(number)} for number in ids if number >= int(params["from_id"])][:2]),
    )
    assert [int(record["id"]) for page in [walking.records(2, "resumed")] for record in page] == ids


def test_bounds_and_states_that_are_no_ids_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="'2026-03-16' is no id to walk from or to"):
        KINDS["limit known"].start(since="2026-03-16")
    with pytest.raises(PageTokenExpiredError, match="is none of IdRange"):
        KINDS["limit known"].start("abc")


BY_TIME = IdRange(
    envelope=Envelope(None), size=Size("limit", 7), time_param="since", time_form=CursorFormat.EPOCH_SECONDS
)


@pytest.mark.parametrize("mode", MODES)
@often
@given(
    ids=st.lists(st.integers(0, 60), unique=True).map(sorted),
    begin=st.integers(0, 60),
    size=st.integers(1, 12),
)
def test_a_walk_that_begins_at_a_time_loses_what_shares_it(
    mode: str, ids: list[int], begin: int, size: int
) -> None:
    """Seven records share each second: by time, a page would end within one and the next begin after it."""

    def page(params: dict[str, str]) -> Answer:
        assert ("since" in params) != ("from_id" in params)
        first, since = int(params.get("from_id", 0)), int(params.get("since", 0))
        found = [number for number in ids if number >= first and number // 7 >= since]
        return body(records(found[: min(7, int(params["limit"]))]))

    walking = Walking(BY_TIME, page, f"1970-01-01T00:00:{begin // 7:02}Z")
    assert walking.records(size, mode) == records([number for number in ids if number // 7 >= begin // 7])
    assert ["since" in params for params in walking.asked] == [True] + [False] * (len(walking.asked) - 1)


def test_a_time_where_only_ids_are_taken_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="'1970-01-01T00:00:00Z' is no id"):
        KINDS["limit known"].start(since="1970-01-01T00:00:00Z")

"""Pages by offset: every record once, no endless walk, and no end before the end."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.answer import Answer
from extract.errors import BadAnswerError, PageTokenExpiredError
from extract.paginate import Envelope, PageOffset, Size
from tests.extract.walking import MODES, Walking, body, often, things

KINDS = {
    "no end told": PageOffset(Envelope("items")),
    "limit known": PageOffset(Envelope("items"), size=Size("limit", 7)),
    "fixed size": PageOffset(Envelope("items"), size=Size(None, 7)),
    "total": PageOffset(Envelope("items", total="meta.total")),
    "total header": PageOffset(Envelope("items", total_header="X-Total-Count")),
    "has more": PageOffset(Envelope("items"), has_more="meta.has_more"),
}


def serve(count: int, cap: int) -> Callable[[dict[str, str]], Answer]:
    """A list whose server quietly gives `cap` records a page at most."""

    def page(params: dict[str, str]) -> Answer:
        start = int(params["offset"])
        end = start + min(int(params.get("limit", cap)), cap)
        meta = {"total": count, "has_more": end < count}
        return body({"items": things(count)[start:end], "meta": meta}, x_total_count=str(count))

    return page


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
@often
@given(count=st.integers(0, 40), size=st.integers(1, 12))
def test_every_record_comes_once_and_in_order(kind: str, mode: str, count: int, size: int) -> None:
    assert Walking(KINDS[kind], serve(count, cap=7)).records(size, mode) == things(count)


@pytest.mark.parametrize("kind", ["total", "total header", "has more", "limit known", "fixed size"])
def test_a_known_end_is_not_asked_beyond(kind: str) -> None:
    walking = Walking(KINDS[kind], serve(20, cap=7))
    assert [page.total for page in walking.pages(7)] == [20 if "total" in kind else None] * 3
    assert len(walking.asked) == 3


def test_a_page_shorter_than_asked_is_not_taken_for_the_end_of_an_unknown_limit() -> None:
    walking = Walking(KINDS["no end told"], serve(20, cap=7))
    assert walking.records(1000) == things(20)
    assert [params["offset"] for params in walking.asked] == ["0", "7", "14", "20"]


def test_a_list_of_one_page_costs_no_page_ahead() -> None:
    walking = Walking(KINDS["total"], serve(5, cap=7))
    walking.records(7, "ahead")
    assert len(walking.asked) == 1


@pytest.mark.parametrize("mode", ["plain", "ahead"])
def test_an_api_that_ignores_the_offset_is_no_endless_walk(mode: str) -> None:
    walking = Walking(KINDS["no end told"], lambda _: body({"items": things(3)}))
    with pytest.raises(BadAnswerError, match="the same records as the page before: does the API heed offset"):
        walking.records(3, mode)


def test_an_empty_page_that_says_there_is_more_is_refused() -> None:
    walking = Walking(KINDS["has more"], lambda _: body({"items": [], "meta": {"has_more": True}}))
    with pytest.raises(BadAnswerError, match="the page at offset 0 is empty"):
        walking.records(3)


def test_a_total_that_is_no_count_is_refused() -> None:
    for text in ("-1", "12.5", "many", "9" * 5000):
        with pytest.raises(BadAnswerError, match="X-Total-Count is no count"):
            Walking(
                KINDS["total header"], lambda _, text=text: body({"items": []}, x_total_count=text)
            ).records(3)
    with pytest.raises(BadAnswerError, match="total is no count: -1"):
        Walking(KINDS["total"], lambda _: body({"items": [], "meta": {"total": -1}})).records(3)


def test_a_state_of_another_kind_begins_the_sweep_anew() -> None:
    with pytest.raises(PageTokenExpiredError, match="is none of PageOffset"):
        KINDS["total"].start("abc")

"""Pages by number: every record once, also when the page size is changed between two runs."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.answer import Answer
from extract.errors import BadAnswerError, PageTokenExpiredError
from extract.paginate import Envelope, PageNumber, Size
from tests.extract.walking import MODES, Walking, body, often, things

KINDS = {
    "no end told": PageNumber(),
    "limit known": PageNumber(size=Size("per_page", 7)),
    "fixed size": PageNumber(size=Size(None, 7)),
    "from 0": PageNumber(first=0),
    "total": PageNumber(Envelope(total="total")),
    "total pages": PageNumber(total_pages="pages"),
    "has more": PageNumber(has_more="has_more"),
}


def serve(count: int, cap: int = 7, first: int = 1) -> Callable[[dict[str, str]], Answer]:
    """A list whose server quietly gives `cap` records a page at most."""

    def page(params: dict[str, str]) -> Answer:
        size = min(int(params.get("per_page", cap)), cap)
        start = (int(params["page"]) - first) * size
        end = start + size
        return body(
            {
                "data": things(count)[start:end],
                "total": count,
                "pages": -(-count // size),
                "has_more": end < count,
            }
        )

    return page


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
@often
@given(count=st.integers(0, 40), size=st.integers(1, 12))
def test_every_record_comes_once_and_in_order(kind: str, mode: str, count: int, size: int) -> None:
    paginator = KINDS[kind]
    assert Walking(paginator, serve(count, first=paginator.first)).records(size, mode) == things(count)


@often
@given(count=st.integers(0, 40), size=st.integers(1, 7), other=st.integers(1, 7), pages=st.integers(1, 4))
def test_a_changed_page_size_does_not_shift_a_resumed_walk(
    count: int, size: int, other: int, pages: int
) -> None:
    for paginator in (KINDS["no end told"], KINDS["total"], KINDS["limit known"]):
        walk = paginator.start()
        seen = 0
        for _ in range(pages):
            page = walk.read(serve(count)(walk.params(size)), size)
            seen += len(page.records)
            if page.next_state is None:
                break
            walk = paginator.start(page.next_state)
        while page.next_state is not None:
            page = walk.read(serve(count)(walk.params(other)), other)
            seen += len(page.records)
            walk = paginator.start(page.next_state)
        assert seen == count


@pytest.mark.parametrize("kind", ["total", "total pages", "has more", "limit known", "fixed size"])
def test_a_known_end_is_not_asked_beyond(kind: str) -> None:
    walking = Walking(KINDS[kind], serve(20))
    walking.records(7)
    assert len(walking.asked) == 3


def test_an_empty_page_in_the_middle_is_not_the_end_of_numbered_pages() -> None:
    pages = {"1": [1, 2], "2": [], "3": [], "4": [3]}
    paginator = KINDS["total pages"]
    walking = Walking(paginator, lambda params: body({"data": pages[params["page"]], "pages": 4}))
    assert walking.records(2) == [1, 2, 3]


@pytest.mark.parametrize("kind", ["no end told", "has more"])
def test_an_api_that_ignores_the_page_is_no_endless_walk(kind: str) -> None:
    for records in (things(3), []):
        if kind == "no end told" and not records:
            continue
        walking = Walking(KINDS[kind], lambda _, data=records: body({"data": data, "has_more": True}))
        with pytest.raises(BadAnswerError, match="does the API heed page"):
            walking.records(3)


def test_a_state_of_another_kind_begins_the_sweep_anew() -> None:
    with pytest.raises(PageTokenExpiredError, match="is none of PageNumber"):
        KINDS["total"].start("100")


def test_two_declared_ends_are_refused() -> None:
    with pytest.raises(ValueError, match="either has_more or total_pages"):
        PageNumber(has_more="more", total_pages="pages")

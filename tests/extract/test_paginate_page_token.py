"""Pages chained by a token lose, repeat and invent nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.answer import Answer
from extract.errors import BadAnswerError
from extract.paginate import Envelope, PageToken, Size
from tests.extract.walking import MODES, Walking, body, often, things

COUNTS = st.integers(0, 40)
SIZES = st.integers(1, 12)


def serve(count: int, empty_pages: bool = False) -> object:
    """Tokens are "<start>", and "<start>e" for an empty page before it."""

    def page(params: dict[str, str]) -> Answer:
        token = params.get("page_token", "0")
        start, size = int(token.rstrip("e")), int(params["page_size"])
        if token.endswith("e"):
            return body({"data": [], "next_page_token": str(start), "as_of": None})
        end = start + size
        following = f"{end}e" if empty_pages else str(end)
        return body({"data": things(count)[start:end], "next_page_token": following if end < count else None})

    return page


@pytest.mark.parametrize("mode", MODES)
@often
@given(count=COUNTS, size=SIZES, empty_pages=st.booleans())
def test_every_record_comes_once_and_in_order(mode: str, count: int, size: int, empty_pages: bool) -> None:
    walking = Walking(PageToken(), serve(count, empty_pages))
    assert walking.records(size, mode) == things(count)


def test_a_token_that_comes_again_is_no_endless_walk() -> None:
    walking = Walking(PageToken(), lambda _: body({"data": things(1), "next_page_token": "again"}))
    with pytest.raises(BadAnswerError, match="followed before"):
        walking.records(10)
    assert len(walking.asked) == 2


@pytest.mark.parametrize("last", [{"next": ""}, {"next": None}, {}, None])
def test_an_end_told_in_another_way_is_an_end(last: dict[str, str | None] | None) -> None:
    paginator = PageToken(Envelope("items"), next_token="meta.next", size=Size("limit", 50), may_lack=True)
    walking = Walking(
        paginator,
        lambda params: body({"items": things(2), "meta": {"next": 17} if len(params) == 1 else last}),
    )
    assert walking.records(1000) == things(2) * 2
    assert walking.asked == [{"limit": "50"}, {"limit": "50", "page_token": "17"}]


@pytest.mark.parametrize("answer", [{"data": []}, {"data": [], "next_page_token": 1.5}])
def test_a_missing_or_odd_token_is_not_taken_for_the_end(answer: dict[str, object]) -> None:
    with pytest.raises(BadAnswerError, match="not the declared JSON envelope"):
        Walking(PageToken(), lambda _: body(answer)).records(10)

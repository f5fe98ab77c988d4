"""A list in one answer: all of it, once, and nothing else asked for."""

import pytest

from extract.errors import BadAnswerError, PageTokenExpiredError
from extract.paginate import Envelope, SinglePage
from tests.extract.walking import MODES, Walking, body, things


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("count", [0, 1, 1_500])
def test_a_list_in_one_answer_is_asked_for_twice_or_by_a_page_size(count: int, mode: str) -> None:
    walking = Walking(SinglePage(Envelope("a.b")), lambda _: body({"a": {"b": things(count)}, "more": True}))
    assert walking.records(10, mode) == things(count)
    assert walking.asked == [{}]


def test_a_total_around_the_list_is_lost() -> None:
    walking = Walking(SinglePage(Envelope("rows", total="count")), lambda _: body({"rows": [], "count": 3}))
    (page,) = walking.pages(10)
    assert page.total == 3


def test_an_object_instead_of_a_list_passes() -> None:
    """As /api/v3/ticker/24hr answers where one symbol is asked for."""
    with pytest.raises(BadAnswerError):
        Walking(SinglePage(Envelope(None)), lambda _: body({"symbol": "BTCUSDT"})).records(10)


def test_a_position_of_another_kind_is_taken_for_the_start() -> None:
    with pytest.raises(PageTokenExpiredError, match="is none of SinglePage"):
        SinglePage().start("26130/..")

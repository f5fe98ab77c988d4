"""What no JSON decoder takes, within one record of a page: a dead letter with its bytes, and the rest is loaded."""

from collections.abc import Callable
from typing import Any

import pytest

from extract.run_record import RunResult
from tests.extract.fake_api import FakeApi, order

WAYS = {
    "a control character": (b'{"order_id":"a","note":"a\x01b"}', "not jsonb"),
    "a raw line break": (b'{"order_id":"a","note":"a\nb"}', "not jsonb"),
    "a zero byte": (b'{"order_id":"a","note":"a\x00b"}', "not JSON: a zero byte"),
    "a surrogate in UTF-8": (b'{"order_id":"a","note":"\xed\xa0\x80"}', "not UTF-8"),
    "200,000 digits": (b'{"order_id":"a","note":' + b"9" * 200_000 + b"}", "not jsonb"),
    "half a pair beside a control character": (b'{"order_id":"a","note":"\\ud800\x02"}', "not jsonb"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_dirty_record_is_a_dead_letter_and_the_good_ones_load(
    way: str, extract: Callable[..., RunResult], elt_database: Any
) -> None:
    bad, reason = WAYS[way]
    records: list[Any] = [order(number, minute=number) for number in range(15)]
    records.insert(12, bad)
    result = extract(FakeApi(orders=records))
    assert result.error is None
    assert (result.streams[0].records, result.streams[0].dead_letters) == (15, 1)
    with elt_database.connect("admin") as admin:
        letter = admin.execute("select bytes, page, position, reason from ops.dead_letters").fetchone()
    assert (bytes(letter[0]), *letter[1:3]) == (bad, 2, 2)
    assert letter[3].startswith(reason)


def test_a_number_beyond_double_is_no_dead_letter(
    extract: Callable[..., RunResult], elt_database: Any
) -> None:
    extract(FakeApi(orders=[b'{"order_id":"a","note":1e400}']))
    with elt_database.connect("admin") as admin:
        assert admin.execute(
            "select (record -> 'note')::numeric = 1e400 from raw.smartpizza__orders"
        ).fetchone() == (True,)

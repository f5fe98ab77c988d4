"""Records that raw cannot hold are kept with their bytes; the good ones of the same page are loaded."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from extract.run_record import RunResult
from tests.extract.fake_api import FakeApi, order

BAD = {
    "a zero character": (b'{"order_id":"a","note":"\\u0000"}', "not jsonb"),
    "half a surrogate pair": (b'{"order_id":"a","note":"\\ud800"}', "not jsonb"),
    "a pair and another half": (b'{"order_id":"a","note":"\\\\\\ud83d\\ude00\\udead"}', "not jsonb"),
    "bytes that are no UTF-8": (b'{"order_id":"a","note":"\xff\xfe"}', "not UTF-8"),
    "a number beyond numeric": (b'{"order_id":"a","note":1e400000}', "not jsonb"),
    "no key": (b'{"note":"hello"}', "no usable key (order_id)"),
    "a null key": (b'{"order_id":null}', "no usable key (order_id)"),
    "no object": (b'"hello"', "no usable key (order_id)"),
    "too deep": (b'{"order_id":"a","note":' + b"[" * 900 + b"]" * 900 + b"}", ""),
}


def test_a_bad_record_is_kept_and_the_good_ones_load(
    extract: Callable[..., RunResult], elt_database: Any
) -> None:
    with elt_database.connect("admin", autocommit=True) as admin:
        for way, (bad, reason) in BAD.items():
            if way == "too deep":
                continue
            records: list[Any] = [order(number, minute=number) for number in range(15)]
            records.insert(12, bad)
            api = FakeApi(orders=records)
            api.as_of = "2026-03-16T10:00:00.000Z"
            result = extract(api)
            assert result.exit_code == 0, way
            assert (result.streams[0].records, result.streams[0].dead_letters) == (15, 1), way
            load = admin.execute(
                "select load_id, records, dead_letters from ops.loads order by load_order desc limit 1"
            ).fetchone()
            letter = admin.execute(
                "select bytes, page, position, status, reason from ops.dead_letters where load_id = %s",
                [load[0]],
            ).fetchone()
            raw = admin.execute("select count(*) from raw.smartpizza__orders where load_id = %s", [load[0]])
            assert raw.fetchone() == (15,), way
            assert load[1:] == (15, 1), way
            assert (bytes(letter[0]), *letter[1:4]) == (bad, 2, 2, "open"), way
            assert letter[4].startswith(reason), way
        unbalanced = "select count(*) from ops.sweeps where (served, records, dead_letters) <> (16, 15, 1)"
        assert admin.execute(unbalanced).fetchone() == (0,)


def test_many_bad_records_of_all_kinds_leave_none_behind(
    extract: Callable[..., RunResult], elt_database: Any
) -> None:
    bad = [record for way, (record, _) in BAD.items() if way != "too deep"]
    records: list[Any] = [order(number) for number in range(40)]
    for number, record in enumerate(bad * 2):
        records.insert(number * 3, record)
    result = extract(FakeApi(orders=records))
    assert (result.streams[0].records, result.streams[0].dead_letters) == (40, len(bad) * 2)
    with elt_database.connect("admin") as admin:
        kept = admin.execute("select bytes from ops.dead_letters").fetchall()
    assert sorted(bytes(row[0]) for row in kept) == sorted(bad * 2)


@pytest.fixture
def shallow_stack(elt_database: Any) -> Iterator[None]:
    """Postgres parses a tenth of the depth it usually does."""
    with elt_database.connect("admin", autocommit=True) as admin:
        admin.execute("alter role extractor set max_stack_depth = '100kB'")
        yield
        admin.execute("alter role extractor reset max_stack_depth")


def test_a_nesting_that_the_server_will_not_parse_is_a_dead_letter(
    shallow_stack: None, extract: Callable[..., RunResult], elt_database: Any
) -> None:
    """Its check raises instead of reporting, so that the records must be asked for one by one."""
    result = extract(FakeApi(orders=[order(1), BAD["too deep"][0], order(2)]))
    assert result.exit_code == 0, result.error
    with elt_database.connect("admin") as admin:
        assert (
            admin.execute("select reason from ops.dead_letters").fetchone()[0].startswith("not jsonb: stack")
        )
        assert admin.execute("select count(*) from raw.smartpizza__orders").fetchone() == (2,)

"""`extract erase`: an erased person leaves raw and dead letters, also what arrives later."""

from collections.abc import Callable
from typing import Any

import pytest

from extract.erase import erase
from extract.erasures import MARKER
from extract.run_record import RunResult
from extract.sources import all_sources
from tests.extract.conftest import Command
from tests.extract.fake_api import FakeApi, order

SOURCE = all_sources()["smartpizza"]
HOME = {"name": "Ada Example", "street": "1 Secret Road"}


def customer(name: str) -> dict[str, Any]:
    return {
        "customer_id": name,
        "full_name": f"Ada {name}",
        "email": f"{name}@example.test",
        "phone": None,
        "country": "DE",
        "updated_at": "2026-03-16T10:00:00.000Z",
    }


def erasure(name: str) -> dict[str, Any]:
    return {"erasure_id": f"e-{name}", "customer_id": name, "erased_at": "2026-03-16T11:00:00.000Z"}


@pytest.fixture
def loaded(extract: Callable[..., RunResult]) -> FakeApi:
    api = FakeApi(
        customers=[customer("cus_1"), customer("cus_2")],
        orders=[
            order(1, customer_id="cus_1", delivery_address=HOME),
            order(2, customer_id="cus_2", delivery_address=HOME),
            order(3, customer_id=None, delivery_address=None),
            b'{"order_id":"bad","customer_id":"cus_1","note":"\\u0000"}',
            b'{"order_id":"bad","customer_id":"cus_11","note":"\\u0000"}',
        ],
    )
    api.lists["/v1/customers/erasures"] = [erasure("cus_1")]
    assert extract(api, "customers", "orders", "customer_erasures").exit_code == 0
    return api


def records(database: Any, stream: str) -> list[dict[str, Any]]:
    with database.connect("admin") as admin:
        rows = admin.execute(
            f"select record from raw.smartpizza__{stream} order by load_id, load_position"
        ).fetchall()
    return [row[0] for row in rows]


def test_personal_fields_go_and_the_rest_stays(loaded: FakeApi, elt_database: Any) -> None:
    with elt_database.connect("maintainer") as connection:
        done = erase(connection, SOURCE)
    assert (done.subjects, done.raw_records, done.dead_letters) == (1, 2, 1)
    erased, untouched = records(elt_database, "customers")
    assert erased == customer("cus_1") | {"full_name": None, "email": None, MARKER: True}
    assert untouched == customer("cus_2")
    first, second, third = records(elt_database, "orders")
    assert first == order(1, customer_id="cus_1", delivery_address=None) | {MARKER: True}
    assert second["delivery_address"] == HOME
    assert MARKER not in third
    with elt_database.connect("admin") as admin:
        letters = admin.execute(
            "select bytes, status from ops.dead_letters order by dead_letter_id"
        ).fetchall()
        ledger = admin.execute(
            "select source, subject, raw_records, dead_letters from ops.erasures"
        ).fetchall()
    assert b"cus_1" not in bytes(letters[0][0])
    assert letters[0][1] == "discarded"
    assert b"cus_11" in bytes(letters[1][0])
    assert ledger == [("smartpizza", "cus_1", 2, 1)]


def test_a_second_erase_changes_nothing(loaded: FakeApi, elt_database: Any) -> None:
    with elt_database.connect("maintainer") as connection:
        erase(connection, SOURCE)
        again = erase(connection, SOURCE)
        assert (again.subjects, again.raw_records, again.dead_letters) == (0, 0, 0)
        assert connection.execute("select count(*) from ops.erasures").fetchone() == (1,)


def test_what_arrives_after_an_erasure_is_erased_too(
    loaded: FakeApi, extract: Callable[..., RunResult], elt_database: Any
) -> None:
    with elt_database.connect("maintainer") as connection:
        erase(connection, SOURCE)
    loaded.as_of = "2026-03-16T14:00:00.000Z"
    loaded.lists["/v1/orders"] = [order(9, minute=150, customer_id="cus_1", delivery_address=HOME)]
    extract(loaded, "orders")
    with elt_database.connect("maintainer") as connection:
        done = erase(connection, SOURCE)
        assert (done.subjects, done.raw_records) == (0, 1)
        assert connection.execute("select raw_records from ops.erasures order by applied_at").fetchall() == [
            (2,),
            (1,),
        ]
    assert records(elt_database, "orders")[-1]["delivery_address"] is None


def test_the_command_needs_the_maintainer(command: Command, loaded: FakeApi) -> None:
    refused = command.run("erase", "smartpizza")
    assert refused.returncode == 2
    assert "permission denied" in refused.stderr
    done = command.run("erase", "smartpizza", role="maintainer")
    assert (
        done.stdout
        == "smartpizza: 1 new erasures; redacted 2 raw records, 1 dead letters and 0 archived records\n"
    )

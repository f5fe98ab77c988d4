"""A record that was a dead letter counts after the build that follows its replay, as if it had come well at once."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from sandbox.smartpizza import NO_DRIFT, Config
from tests.end_to_end.company import Company
from tests.end_to_end.loads import loads_of

CONFIG = Config(branches=5, days=1, orders_per_day=10, seed=4, drift=NO_DRIFT)
MARTS = ("fct_orders", "dim_branches")
Record = dict[str, Any]


def test_a_replayed_record_never_reaches_a_mart(company_of: Callable[[Config], Company]) -> None:
    """Orders, good by now or repaired, and branches that their full lists seemed to lack or to change back."""
    company = company_of(CONFIG)
    for stream in ("orders", "branches"):
        company.extract("run", "smartpizza", "--stream", stream)
    served = company.api.records("/v1/orders")
    orders = [
        renamed(served[0], "good by now"),
        renamed(served[1], "repaired", order_number="a\x00b"),
        renamed(served[2], "good at once"),
    ]
    gone, lost, kept, *others = sorted(
        company.api.records("/v1/branches"), key=lambda branch: branch["branch_id"]
    )
    with loads_of(company) as loads:
        loads.commit("orders", orders, broken={0: "refused by a test"})
        loads.commit(
            "branches", [gone, lost, kept, *others], broken={0: "refused by a test", 2: "refused by a test"}
        )
        loads.commit("branches", [lost, kept | {"name": "renewed"}, *others], broken={0: "refused by a test"})
    run(company)
    assert company.scalar("select count(*) from marts.fct_orders") == len(served) + 1
    assert deleted_branches(company) == [gone["branch_id"], lost["branch_id"]]

    done = company.extract("dead-letters", "replay", "smartpizza", "--repair")
    assert done.stdout == ("smartpizza: replayed 5 dead letters in 3 loads (5 records), 0 stay open\n")
    run(company)

    assert company.scalar("select count(*) from marts.fct_orders") == len(served) + 3
    number = company.scalar(
        "select order_number from base.base_smartpizza__orders where order_id = 'repaired'"
    )
    assert number == "a\ufffdb"
    assert deleted_branches(company) == [gone["branch_id"]], (
        "a newer list lacks it: its old record changes nothing"
    )
    names = dict(company.query("select branch_id, branch_name from marts.dim_branches"))
    assert names[kept["branch_id"]] == "renewed", "an old list's record, replayed late, is not the newest"
    books = [
        f"books_raw_equals_base_{stream}{part}"
        for stream in ("orders", "branches")
        for part in ("", "_whole")
    ]
    company.dbt("test", "--quiet", "--select", *books)
    company.snapshot(MARTS)
    run(company, "--full-refresh")
    assert company.differences(MARTS) == {}


def run(company: Company, *arguments: str) -> None:
    """The two marts and what they are made of."""
    company.dbt("run", "--quiet", "--select", *(f"+{mart}" for mart in MARTS), *arguments)


def deleted_branches(company: Company) -> list[int]:
    return [
        row[0]
        for row in company.query("select branch_id from marts.dim_branches where is_deleted order by 1")
    ]


def renamed(order: Record, order_id: str, **changes: Any) -> Record:
    """A copy of an order that has never been seen, with ids of its own."""
    copy = deepcopy(order) | {"order_id": order_id, "idempotency_key": f"key-{order_id}"} | changes
    for payment in copy["payments"]:
        payment["payment_id"] = f"payment-{order_id}"
    return copy

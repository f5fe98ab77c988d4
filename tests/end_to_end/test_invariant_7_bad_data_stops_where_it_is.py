"""Invariant 7: a broken constraint rolls its model back, a failed test stops what depends on it, readers read on."""

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

from sandbox.smartpizza import NO_DRIFT, Config
from tests.end_to_end.company import Company
from tests.end_to_end.loads import loads_of
from tests.end_to_end.mart_reader import MartReader, mart_states
from tests.end_to_end.warehouse import Done

CONFIG = Config(branches=2, days=1, orders_per_day=20, seed=9, drift=NO_DRIFT)
STOPPED = ("fct_branch_daily_sales", "fct_orders", "fct_payments")


def test_a_reader_sees_half_a_mart_or_bad_data_spreads(company_of: Callable[[Config], Company]) -> None:
    """One order that no rule of base names and a mart's check refuses; then one that only a test finds."""
    company = company_of(CONFIG)
    company.load()
    company.build()
    good = newest_paid_order(company)
    before = mart_states(company)
    company.snapshot()

    company.api.advance(days=1)
    company.load()
    bad = with_refund(good, "-5.00")
    commit(company, bad)
    with MartReader(company) as reader:
        failed = company.build(check=False)
    assert failed.returncode == 1
    assert "violates check constraint" in failed.stdout
    assert statuses(company, "error") == {"fct_orders", "fct_payments"}
    assert "fct_branch_daily_sales" in statuses(company, "skipped")
    after = mart_states(company)
    assert after["fct_order_items"] != before["fct_order_items"], "what does not depend on it goes on"
    assert {mart: after[mart] for mart in STOPPED} == {mart: before[mart] for mart in STOPPED}
    reader.assert_saw_only(before, after)

    commit(company, with_refund(good, "5.00", version=bad["version"] + 1))
    with MartReader(company) as reader:
        company.build()
    mended = mart_states(company)
    assert all(mended[mart] != before[mart] for mart in STOPPED), "the models that failed have caught up"
    reader.assert_saw_only(after, mended)

    false = with_refund(good, "5.00", version=bad["version"] + 2)
    false["total"] = str(Decimal(false["total"]) + 1)
    commit(company, false)
    failed = company.build(check=False)
    assert_failed_test(failed, "orders_total_is_the_sum_of_its_parts")
    assert "fct_branch_daily_sales" in statuses(company, "skipped")
    assert mart_states(company)["fct_branch_daily_sales"] == mended["fct_branch_daily_sales"]


def newest_paid_order(company: Company) -> dict[str, Any]:
    orders = [
        order
        for order in company.api.records("/v1/orders")
        if order["status"] in ("delivered", "collected") and order["payments"]
    ]
    return orders[-1]


def with_refund(order: dict[str, Any], amount: str, version: int | None = None) -> dict[str, Any]:
    """A later version of the order, in which some of its first payment goes back."""
    changed = deepcopy(order)
    changed["version"] = version or order["version"] + 1
    changed["payments"][0]["refunds"] = [
        {"refund_id": "rf_1", "amount": amount, "reason": "cold", "refunded_at": order["updated_at"]}
    ]
    return changed


def commit(company: Company, order: dict[str, Any]) -> None:
    with loads_of(company) as loads:
        loads.commit("orders", [order])


def statuses(company: Company, status: str) -> set[str]:
    """Names of the models that ended so in the newest build."""
    found = company.query(
        """
        select split_part(node_id, '.', 3) from ops.dbt_results
        where status = %s and resource_type = 'model'
            and invocation_id = (select invocation_id from ops.builds order by started_at desc limit 1)
        """,
        status,
    )
    return {name for (name,) in found}


def assert_failed_test(done: Done, test: str) -> None:
    assert done.returncode == 1
    assert f"Failure in test {test} " in done.stdout, done.stdout

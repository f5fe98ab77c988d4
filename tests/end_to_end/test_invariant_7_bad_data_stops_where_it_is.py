"""Invariant 7: a broken constraint rolls its model back, a failed test stops what depends on it, readers read on."""

import threading
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

from sandbox.smartpizza import NO_DRIFT, Config
from tests.end_to_end.company import MARTS, Company
from tests.end_to_end.loads import loads_of
from tests.end_to_end.warehouse import Done

CONFIG = Config(branches=2, days=1, orders_per_day=20, seed=9, drift=NO_DRIFT)
STOPPED = ("fct_branch_daily_sales", "fct_orders", "fct_payments")


def test_a_reader_sees_half_a_mart_or_bad_data_spreads(company_of: Callable[[Config], Company]) -> None:
    """One order that no rule of base names and a mart's check refuses; then one that only a test finds."""
    company = company_of(CONFIG)
    company.load()
    company.build()
    good = newest_paid_order(company)
    before = states(company)
    company.snapshot()

    company.api.advance(days=1)
    company.load()
    bad = with_refund(good, "-5.00")
    commit(company, bad)
    with Reader(company) as reader:
        failed = company.build(check=False)
    assert failed.returncode == 1
    assert "violates check constraint" in failed.stdout
    assert statuses(company, "error") == {"fct_orders", "fct_payments"}
    assert "fct_branch_daily_sales" in statuses(company, "skipped")
    after = states(company)
    assert after["fct_order_items"] != before["fct_order_items"], "what does not depend on it goes on"
    assert {mart: after[mart] for mart in STOPPED} == {mart: before[mart] for mart in STOPPED}
    reader.assert_saw_only(before, after)

    commit(company, with_refund(good, "5.00", version=bad["version"] + 1))
    with Reader(company) as reader:
        company.build()
    mended = states(company)
    assert all(mended[mart] != before[mart] for mart in STOPPED), "the models that failed have caught up"
    reader.assert_saw_only(after, mended)

    false = with_refund(good, "5.00", version=bad["version"] + 2)
    false["total"] = str(Decimal(false["total"]) + 1)
    commit(company, false)
    failed = company.build(check=False)
    assert_failed_test(failed, "orders_total_is_the_sum_of_its_parts")
    assert "fct_branch_daily_sales" in statuses(company, "skipped")
    assert states(company)["fct_branch_daily_sales"] == mended["fct_branch_daily_sales"]


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


def state(mart: str) -> str:
    """A query that says all of a mart in one word."""
    return (
        f"select md5(coalesce(string_agg(rows::text, ';' order by rows::text), '')) from marts.{mart} as rows"
    )


def states(company: Company) -> dict[str, str]:
    return {mart: company.scalar(state(mart), role="reporter") for mart in MARTS}


class Reader:
    """Reads every mart as role reporter, again and again, while the block runs."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.seen: dict[str, set[str]] = {mart: set() for mart in MARTS}
        self.rounds = 0
        self._end = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._read)

    def _read(self) -> None:
        try:
            with self.company.database.connect("reporter", autocommit=True) as connection:
                while not self._end.wait(0.02):
                    for mart in MARTS:
                        row = connection.execute(state(mart)).fetchone()
                        self.seen[mart].add(row[0])
                    self.rounds += 1
        except BaseException as error:
            self._error = error

    def __enter__(self) -> "Reader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(60)

    def assert_saw_only(self, before: dict[str, str], after: dict[str, str]) -> None:
        """Each mart was as it was before or as it was after, at any moment, and never away."""
        assert self._error is None, f"a reader was refused: {self._error}"
        assert self.rounds > 10
        for mart, seen in self.seen.items():
            assert seen <= {before[mart], after[mart]}, f"readers saw {mart} half-built"

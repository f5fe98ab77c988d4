"""An increment reads the rows that it needs, not the history: counted by Postgres, on the plans of large tables."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.smartpizza import NO_DRIFT, Config
from tests.end_to_end.company import Company
from tests.end_to_end.loads import loads_of
from tests.end_to_end.test_quarantine_comes_back import renamed

pytestmark = pytest.mark.timeout(600)
CONFIG = Config(branches=8, days=10, orders_per_day=20, seed=5, drift=NO_DRIFT)
BASES = ("orders", "customers", "inventory_levels")
MODELS = (
    "fct_orders",
    "fct_order_items",
    "fct_payments",
    "fct_deliveries",
    "fct_inventory_daily",
    "dim_customers",
)


def test_an_increment_reads_the_whole_history(
    company_of: Callable[[Config], Company], monkeypatch: pytest.MonkeyPatch
) -> None:
    company = company_of(CONFIG)
    company.load()
    company.dbt("run", "--quiet", "--selector", "smartpizza")
    order = renamed(
        next(each for each in company.api.records("/v1/orders") if not each.get("deleted")), "new"
    )
    customer = company.api.records("/v1/customers")[0]
    with loads_of(company) as loads:
        loads.commit("orders", [order])
        loads.commit("customers", [customer | {"customer_id": "cus_new"}])
    company.dbt("run", "--quiet", "--select", *(f"base_smartpizza__{base}" for base in BASES))

    # So few rows are read whole, whatever is asked: as if they were many, whole tables are out of the question.
    monkeypatch.setenv("PGOPTIONS", "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off")
    before = rows_read(company)
    company.dbt("run", "--quiet", "--select", *MODELS)
    after = rows_read(company)
    for base, (rows, read) in after.items():
        assert read - before[base][1] < rows, f"{base}: one new row of {rows}"
    assert company.scalar("select count(*) from marts.fct_orders where order_id = 'new'") == 1
    assert company.scalar("select count(*) from marts.dim_customers where customer_id = 'cus_new'") == 1


def test_a_change_on_an_old_day_reads_all_branches_of_that_day(
    company_of: Callable[[Config], Company], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each branch has a change on another day: as many branch-days as branches, not branches times days."""
    company = company_of(CONFIG)
    company.load()
    company.dbt("run", "--quiet", "--selector", "smartpizza")
    days: dict[int, dict[str, Any]] = {}
    for order in company.api.records("/v1/orders"):
        taken = {other["business_date"] for other in days.values()}
        if (
            not order.get("deleted")
            and order["branch_id"] not in days
            and order["business_date"] not in taken
        ):
            days[order["branch_id"]] = order
    assert len(days) >= CONFIG.branches - 1
    with loads_of(company) as loads:
        loads.commit("orders", [renamed(order, f"new_{branch}") for branch, order in days.items()])
    company.dbt("run", "--quiet", "--select", "base_smartpizza__orders")

    monkeypatch.setenv("PGOPTIONS", "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off")
    before = rows_read(company)
    company.dbt("run", "--quiet", "--select", "fct_inventory_daily")
    after = rows_read(company)
    for base, (rows, read) in after.items():
        assert read - before[base][1] < rows, f"{base}: {len(days)} branch-days of {rows} rows"


def rows_read(company: Company) -> dict[str, tuple[int, int]]:
    """Rows of each base table, and how many of them were ever read."""
    found = company.query(
        """
        select relname, n_live_tup, seq_tup_read + coalesce(idx_tup_fetch, 0)
        from pg_stat_user_tables
        where schemaname = 'base' and relname = any(%s)
        """,
        [f"base_smartpizza__{base}" for base in BASES],
    )
    assert len(found) == len(BASES)
    return {name: (rows, read) for name, rows, read in found}

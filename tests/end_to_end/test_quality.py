"""What tests find and what is set aside: counted by the books, kept, shown to who may see it, forgotten in time."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from sandbox.smartpizza import NO_DRIFT, Config
from tests.end_to_end.company import Company
from tests.end_to_end.loads import loads_of
from tests.end_to_end.test_quarantine_comes_back import accept_status, renamed

pytestmark = pytest.mark.timeout(900)
CONFIG = Config(branches=2, days=1, orders_per_day=30, seed=4, drift=NO_DRIFT)
FEW = 10
SHARE_TEST = "quarantined_orders_are_few"
SUM_TEST = "orders_total_is_the_sum_of_its_parts"


def test_a_mart_is_fed_by_a_load_of_which_much_is_quarantined(
    company_of: Callable[[Config], Company],
) -> None:
    """The base model fails and holds back what depends on it; good versions of the records bring all back."""
    company = company_of(CONFIG)
    company.load()
    company.build()
    served = [order for order in company.api.records("/v1/orders") if not order.get("deleted")]
    bad = [renamed(served[n], f"bad-{n}", status="teleported") for n in range(FEW + 1)]
    good = [renamed(served[n], f"good-{n}") for n in range(5)]
    with loads_of(company) as loads:
        load_order = loads.commit("orders", bad + good).load_order

    assert company.build(check=False).returncode == 1
    assert result_of(company, SHARE_TEST) == ("fail", 1)
    assert in_marts(company, "good-%") == 0, "a model that failed feeds no mart"
    assert company.query(
        "select records, quarantined, reasons from ops.quarantine_by_load where load_order = %s", load_order
    ) == [(len(bad + good), len(bad), {"status is unknown": len(bad)})]
    assert_counted(company)
    kept = company.query(
        "select record from ops.test_failures where node_id like %s", f"%{SHARE_TEST}%", role="reporter"
    )
    assert [(row["quarantined"], row["records"]) for (row,) in kept] == [(len(bad), len(bad + good))]

    with loads_of(company) as loads:
        mended = [record | {"status": "collected", "version": record["version"] + 1} for record in bad]
        loads.commit("orders", mended)
    company.build()
    assert in_marts(company, "bad-%") == len(bad)
    assert in_marts(company, "good-%") == len(good)
    assert result_of(company, SHARE_TEST) == ("pass", 0)
    assert (
        company.scalar("select count(*) from ops.test_failures where node_id like %s", f"%{SHARE_TEST}%") == 0
    )
    assert_counted(company)

    accept_status(company, "teleported")
    # The server knows nothing of the orders that we made up, and no quarantine excuses their day any more.
    company.build("--full-refresh", "--exclude", "branch_days_equal_the_servers_totals")
    assert_counted(company)
    assert company.query("select * from ops.quarantine_reasons where reason = 'status is unknown'") == []


def test_failing_rows_are_lost_name_a_person_or_outlive_an_erasure(
    company_of: Callable[[Config], Company],
) -> None:
    """The rows that a test found, by a project that calls two of their columns personal."""
    company = company_of(CONFIG)
    company.load()
    call_personal(company, "order_number", "customer_id")
    company.build()
    order = next(each for each in company.api.records("/v1/orders") if each["customer_id"])
    false = deepcopy(order) | {"version": order["version"] + 1, "total": "99999.99"}
    false["channel"] = "ann@mail.example"
    with loads_of(company) as loads:
        loads.commit("orders", [false])
    assert company.build(check=False).returncode == 1

    ((record, model, dimension, owner, since),) = company.query(
        """
        select kept.record, test.model, test.dimension, test.owner, test.failing_since
        from ops.failing_tests as test inner join ops.test_failures as kept using (node_id)
        where test.name = %s
        """,
        SUM_TEST,
        role="reporter",
    )
    assert (model, dimension, owner) == ("fct_orders", "accuracy", "Sales analytics")
    assert since is not None
    assert record["order_id"] == order["order_id"]
    assert (record["order_number"], record["customer_id"], record["channel"]) == (
        "masked",
        "masked",
        "masked",
    )
    scored = company.query(
        """
        select tests, passed, failed from ops.data_quality_daily
        where model = 'fct_orders' and dimension = 'accuracy' and source = 'smartpizza'
        """
    )
    assert sum(failed for _, _, failed in scored) == 1
    assert all(tests >= passed + failed for tests, passed, failed in scored)
    company.dbt("build", "--quiet", "--select", "+fct_data_quality_daily")
    assert company.query(
        "select * from marts.fct_data_quality_daily order by 1, 2, 3, 4", role="reporter"
    ) == (company.query("select * from ops.data_quality_daily order by 1, 2, 3, 4"))

    # A column that nobody called personal, and a person who is erased then.
    company.execute(
        "update ops.test_failures set record = jsonb_build_object('who', %s::text)", order["customer_id"]
    )
    company.execute(
        "insert into ops.erasures (source, subject, erased_at, raw_records, dead_letters)"
        " values ('smartpizza', %s, now(), 0, 0)",
        order["customer_id"],
    )
    company.extract("erase", "smartpizza", role="maintainer")
    assert company.scalar("select count(*) from ops.test_failures") == 0
    assert (
        company.scalar("select sum(failing_rows) from ops.erasures where subject = %s", order["customer_id"])
        > 0
    )


def assert_counted(company: Company) -> None:
    """What the ledger says of quarantine is what stands there, load by load."""
    counted = company.query(
        "select load_order, quarantined from ops.quarantine_by_load"
        " where model = 'base.base_smartpizza__orders' and quarantined > 0 order by 1"
    )
    assert counted == company.query(
        "select load_order, count(*) from quarantine.quarantine_smartpizza__orders group by 1 order by 1"
    )
    held = "select sum(records) from ops.quarantine_by_load where model = 'base.base_smartpizza__orders'"
    assert company.scalar(held) == company.scalar("select count(*) from base.base_smartpizza__orders")


def result_of(company: Company, test: str) -> tuple[Any, ...]:
    return company.query(
        "select verdict, failures from ops.test_results where name = %s order by judged_at desc limit 1", test
    )[0]


def in_marts(company: Company, pattern: str) -> int:
    return int(company.scalar("select count(*) from marts.fct_orders where order_id like %s", pattern))


def call_personal(company: Company, *columns: str) -> None:
    """As a fork would whose orders name people."""
    path = company.copy_of_project() / "dbt_project/models/marts/smartpizza/fct_orders.yml"
    text = path.read_text()
    for column in columns:
        line = f"      - name: {column}\n        data_type: text\n"
        assert text.count(line) == 1
        text = text.replace(line, f"{line}        config: {{meta: {{pii: true}}}}\n")
    path.write_text(text)

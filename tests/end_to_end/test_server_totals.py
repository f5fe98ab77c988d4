"""The server's own totals of each branch and day: what no ledger can know, an order that was never served, is red."""

from collections.abc import Callable

from sandbox.smartpizza import Config
from tests.end_to_end.company import Company, Done

TEST = "branch_days_equal_the_servers_totals"
CONFIG = Config(branches=2, days=2, orders_per_day=20, seed=5)
BOOKS = """
    update ops.loads set records = records + %(change)s where load_id = (select load_id from raw.spare);
    update ops.sweeps set served = served + %(change)s, records = records + %(change)s
    where sweep_id = (select sweep_id from ops.loads where load_id = (select load_id from raw.spare))
"""


def test_an_order_that_was_never_served_or_came_as_two_is_missed(
    company_of: Callable[[Config], Company],
) -> None:
    """Raw and ledger agree, as they would where the API left an order out or gave it again under another id."""
    company = company_of(CONFIG)
    company.load()
    lose_order(company)
    assert_red(company.build(check=False), TEST)
    put_back(company)
    company.build("--full-refresh")

    double_order(company)
    assert_red(company.build("--full-refresh", check=False), TEST)
    company.execute("delete from raw.smartpizza__orders where record ->> 'order_id' like '%twin'")
    tell_ledger(company, -1)
    company.build("--full-refresh")
    company.dbt("test", "--quiet", "--select", f"{TEST}_whole")

    company.execute(
        "update marts.fct_branch_daily_sales set gross_amount = gross_amount + 0.01 where branch_id = 1"
    )
    assert_red(company.dbt("test", "--quiet", "--select", TEST, check=False), TEST)
    assert_red(company.dbt("test", "--quiet", "--select", f"{TEST}_whole", check=False), f"{TEST}_whole")


def test_time_that_passes_between_count_and_orders_is_red(company_of: Callable[[Config], Company]) -> None:
    """Counts before, after and without the orders they count, over two days in which orders come and change."""
    company = company_of(CONFIG)
    for hours in (7, 2, 5, 11, 1, 20):
        for streams in (("orders", "order_summaries"), ("order_summaries", "orders"), ("order_summaries",)):
            for stream in streams:
                company.extract("run", "smartpizza", "--stream", stream)
                company.api.advance(hours=hours / 4)
            if streams != ("order_summaries",):
                company.extract("run", "smartpizza", "--stream", "branches")
        company.build()
        company.dbt("test", "--quiet", "--select", f"{TEST}_whole")


def lose_order(company: Company) -> None:
    company.execute(
        """
        create table raw.spare as select * from raw.smartpizza__orders
        where record ->> 'order_id' = (
            select record ->> 'order_id' from raw.smartpizza__orders
            group by 1 having bool_and(record -> 'deleted' is null) order by 1 limit 1
        )
        """
    )
    assert company.scalar("select count(*) from raw.spare") == 1
    company.execute(
        "delete from raw.smartpizza__orders where record ->> 'order_id' = (select record ->> 'order_id' from raw.spare)"
    )
    tell_ledger(company, -1)


def put_back(company: Company) -> None:
    company.execute("insert into raw.smartpizza__orders table raw.spare")
    tell_ledger(company, 1)


def double_order(company: Company) -> None:
    company.execute(
        """
        insert into raw.smartpizza__orders
        select load_id, 1000000, loaded_on, extracted_at, served_at, context,
            record || jsonb_build_object(
                'order_id', record ->> 'order_id' || 'twin', 'idempotency_key', 'idk_twin', 'order_number', 'B0-twin'
            )
        from raw.spare
        """
    )
    tell_ledger(company, 1)


def tell_ledger(company: Company, change: int) -> None:
    for statement in BOOKS.split(";"):
        company.execute(statement.replace("%(change)s", str(change)))


def assert_red(done: Done, test: str) -> None:
    assert done.returncode == 1
    assert f"Failure in test {test} " in done.stdout, done.stdout

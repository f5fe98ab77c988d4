"""The server's own totals of each branch and day: what no ledger can know, an order that was never served, is red."""

from collections.abc import Callable

from sandbox.smartpizza import Config
from tests.end_to_end.company import Company
from tests.end_to_end.warehouse import Done

TEST = "branch_days_equal_the_servers_totals"
CONFIG = Config(branches=2, days=2, orders_per_day=20, seed=5)


def test_an_order_that_was_never_served_or_came_as_two_is_missed(
    company_of: Callable[[Config], Company],
) -> None:
    """Raw and ledger agree, as they would where the API left an order out or gave one again under another id."""
    company = company_of(CONFIG)
    company.load()
    lost, doubled = set_aside(company, "lost", branch_id=1), set_aside(company, "doubled", branch_id=2)
    company.execute("delete from raw.smartpizza__orders where record ->> 'order_id' = %s", lost)
    company.execute(
        """
        insert into raw.smartpizza__orders
        select load_id, 1000000, loaded_on, extracted_at, served_at, context,
            record || '{"order_id": "twin", "idempotency_key": "idk_twin", "order_number": "B00002-twin"}'
        from public.doubled
        """
    )
    recount(company)
    failed = company.build(check=False)
    assert_red(failed, TEST)
    assert "Got 2 results" in failed.stdout, doubled

    company.execute("insert into raw.smartpizza__orders table public.lost")
    company.execute("delete from raw.smartpizza__orders where record ->> 'order_id' = 'twin'")
    recount(company)
    company.build("--full-refresh")

    company.execute(
        "update marts.fct_branch_daily_sales set gross_amount = gross_amount + 0.01 where branch_id = 1"
    )
    failed = company.dbt("test", "--quiet", "--select", TEST, f"{TEST}_whole", check=False)
    assert_red(failed, TEST)
    assert_red(failed, f"{TEST}_whole")


def test_time_that_passes_between_count_and_orders_is_red(company_of: Callable[[Config], Company]) -> None:
    """Counts that are older than the orders, newer, and far newer, while orders come and change."""
    company = company_of(CONFIG)
    company.extract("run", "smartpizza", "--stream", "branches", "--stream", "recipes")
    for streams in ("orders", "order_summaries"), ("order_summaries", "orders"), ("order_summaries",):
        for stream in streams:
            company.api.advance(hours=5)
            company.extract("run", "smartpizza", "--stream", stream)
        company.dbt(
            "run", "--quiet", "--select", "+fct_branch_daily_sales", "+stg_smartpizza__order_summaries"
        )
        company.dbt("test", "--quiet", "--select", TEST, f"{TEST}_whole")


def set_aside(company: Company, name: str, branch_id: int) -> str:
    """Copies the raw row of an order that came once, into public.<name>. Gives its id."""
    company.execute(
        f"""
        create table public.{name} as select * from raw.smartpizza__orders
        where record ->> 'order_id' = (
            select record ->> 'order_id'
            from raw.smartpizza__orders
            group by 1
            having count(*) = 1 and min(coalesce(record ->> 'store_id', record ->> 'branch_id')) = '{branch_id}'
            order by 1
            limit 1
        )
        """
    )
    return str(company.scalar(f"select record ->> 'order_id' from public.{name}"))


def recount(company: Company) -> None:
    """Makes the ledger say what raw holds."""
    company.execute(
        """
        update ops.loads
        set records = (select count(*) from raw.smartpizza__orders as raw where raw.load_id = loads.load_id)
        where stream = 'orders'
        """
    )


def assert_red(done: Done, test: str) -> None:
    assert done.returncode == 1
    assert f"Failure in test {test} " in done.stdout, done.stdout

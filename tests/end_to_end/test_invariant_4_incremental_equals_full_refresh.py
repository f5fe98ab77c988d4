"""Invariant 4, with 5 beside it: after any history, marts equal their full refresh, and the books balance."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from sandbox.smartpizza import Config, DriftCalendar, Rates
from tests.end_to_end.company import Company

# A small company to which much happens: every drift within the days that are loaded one by one.
EVENTFUL = Config(
    branches=5,
    days=2,
    orders_per_day=25,
    seed=7,
    branch_opens_day=3,
    branch_closes_day=5,
    drift=DriftCalendar(
        loyalty_points=2,
        store_id=2,
        both_branch_keys_days=2,
        halves=3,
        null_arrays=3,
        money_objects=4,
        scheduled=4,
        quantity_strings=5,
        uuid_v7=5,
    ),
    rates=Rates(
        late=0.05,
        tombstone=0.03,
        double_submission=0.03,
        cancelled=0.05,
        refunded=0.1,
        charged_back=0.05,
        half_and_half=0.2,
        inventory_correction=0.1,
        customer_erased_per_day=0.01,
        customer_merged_per_day=0.02,
    ),
)
FAULTS = {
    "too_many_requests": {"rate": 0.05, "retry_after": 0},
    "server_error": {"rate": 0.05},
    "cut_gzip": {"rate": 0.05},
    "duplicated_page": {"rate": 0.1},
}


def break_model(company: Company, mart: str) -> None:
    """Lets the next write to a mart fail in the database."""
    company.execute(
        f"""
        create function marts.refuse() returns trigger language plpgsql
            as $$ begin raise 'broken on purpose'; end $$;
        create trigger refuse before insert or delete on marts.{mart}
            for each statement execute function marts.refuse()
        """
    )


def mend_model(company: Company) -> None:
    company.execute("drop function marts.refuse() cascade")


@pytest.mark.timeout(600)
def test_invariant_4_incremental_equals_full_refresh(company_of: Callable[[Config], Company]) -> None:
    """Late orders, corrections, tombstones, refunds, drift; builds that fail or leave models out."""
    company = company_of(EVENTFUL)
    company.load()
    company.build()

    company.api.faults(**FAULTS)
    company.api.advance(days=1)
    company.load()
    company.build("--exclude", "fct_orders", "base_smartpizza__recipes")

    company.api.advance(hours=20)
    company.load()
    break_model(company, "fct_order_items")
    assert company.build(check=False).returncode == 1
    mend_model(company)

    company.api.advance(days=1)
    company.load()
    company.build("--exclude", "base_smartpizza__orders", "fct_inventory_daily")

    company.api.advance(days=3)
    company.extract("run", "smartpizza", "--stream", "orders", "--stream", "customer_erasures")
    company.build()

    company.api.advance(days=30)
    company.load()
    company.api.faults()
    company.extract("erase", "smartpizza", role="maintainer")
    company.build()

    assert_history_happened(company)
    assert_summary_equals_mart(company)
    assert_server_count_equals_raw_and_dead_letters(company)

    company.snapshot()
    company.build("--full-refresh", "--exclude", "path:models/staging/smartpizza/base")
    assert company.differences() == {}, "marts differ from their full refresh from base"

    company.build("--full-refresh")
    assert company.differences() == {}, "marts differ from their full refresh from raw"


def assert_history_happened(company: Company) -> None:
    """The comparison proves nothing unless each kind of change is in it."""
    counts = company.query(
        """
        select
            count(*) filter (where is_double_submission),
            count(*) filter (where refunded_amount > 0),
            count(*) filter (where charged_back_amount > 0),
            count(*) filter (where status = 'cancelled'),
            count(*) filter (where loyalty_points is not null),
            (select count(*) from base.base_smartpizza__orders where is_deleted),
            (select count(*) from marts.dim_customers where is_erased),
            (select count(*) from marts.dim_customers where is_merged),
            (select count(*) from marts.dim_branches where is_deleted),
            (select count(*) from marts.fct_order_items where half_count = 2),
            (select count(*) from marts.fct_inventory_daily where is_corrected),
            (select count(*) from raw.smartpizza__orders
                where jsonb_typeof(record -> 'total') = 'object'),
            (select count(*) from raw.smartpizza__orders
                where record ? 'store_id' and not record ? 'branch_id'),
            (select count(*) from raw.smartpizza__orders where record -> 'deleted' is null
                and (record ->> 'updated_at')::timestamptz
                    > (record ->> 'placed_at')::timestamptz + interval '14 days')
        from marts.fct_orders
        """
    )[0]
    assert all(counts), f"something never happened in this history: {counts}"


def assert_summary_equals_mart(company: Company) -> None:
    """The API's own summary, for every branch and business day."""
    dates = [
        date for (date,) in company.query("select distinct business_date from marts.fct_branch_daily_sales")
    ]
    told = {
        (row["branch_id"], row["business_date"]): (row["order_count"], Decimal(row["gross_total"]))
        for date in dates
        for row in company.api.records("/v1/orders/summary", business_date=str(date))
    }
    marts = {
        (branch, str(date)): (count, gross)
        for branch, date, count, gross in company.query(
            "select branch_id, business_date, order_count, gross_amount from marts.fct_branch_daily_sales"
        )
    }
    assert marts == told
    assert len(marts) > 50


def assert_server_count_equals_raw_and_dead_letters(company: Company) -> None:
    """Invariant 5 across the wire: what the server counts as served is what raw and dead letters hold."""
    served = {k: v["records"] for k, v in company.api.served().items() if k != "faults"}
    for stream in ("orders", "recipes", "customers", "inventory_levels", "branches"):
        raw = company.scalar(f"select count(*) from raw.smartpizza__{stream}")
        dead = company.scalar("select count(*) from ops.dead_letters where stream = %s", stream)
        assert served[stream] == raw + dead, stream

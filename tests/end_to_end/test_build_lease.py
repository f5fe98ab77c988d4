"""One build at a time for a relation, whoever starts it; builds that share none go side by side."""

from collections.abc import Callable

import pytest

from sandbox.smartpizza import NO_DRIFT, Config
from tests.end_to_end.building import let_go, started, wait_until_halted, waits_at
from tests.end_to_end.company import Company
from tests.halting import wait_for

CONFIG = Config(branches=1, days=1, orders_per_day=20, seed=9, drift=NO_DRIFT)
ORDERS = ("base_smartpizza__orders", "stg_smartpizza__orders")
TABLE = "base.base_smartpizza__orders"


@pytest.fixture
def company(company_of: Callable[[Config], Company]) -> Company:
    """Base and staging of orders are built, and new orders are there for them."""
    company = company_of(CONFIG)
    company.load()
    company.dbt("run", "--quiet", "--select", *ORDERS)
    company.api.advance(days=1)
    company.load()
    return company


def leases(company: Company) -> set[str]:
    return {name for (name,) in company.query("select relation from ops.build_leases")}


def test_builds_that_share_a_model_collide_or_others_wait(company: Company) -> None:
    """dbt drops the views on a view that it makes anew: fct_orders reads such a view, which nobody selected."""
    with (
        waits_at(company, TABLE) as admin,
        started(company, "run", "--quiet", "--select", *ORDERS) as first,
    ):
        wait_until_halted(admin, first)
        assert leases(company) >= {TABLE, "intermediate.int_orders_deduplicated"}
        for shared in (ORDERS[0], "fct_orders"):
            second = company.dbt("run", "--quiet", "--select", shared, check=False)
            assert second.returncode != 0
            assert "is held by dbt invocation" in second.stdout
            assert "of transformer at 127.0.0.1, since" in second.stdout
        company.dbt("run", "--quiet", "--select", "base_smartpizza__branches")
        assert first.poll() is None
        let_go(admin)
        assert first.wait(60) == 0, first.communicate()[0]
    assert leases(company) == set()
    assert company.scalar(f"select count(*) from {TABLE}") == company.scalar(
        "select count(*) from raw.smartpizza__orders"
    )


def test_a_killed_build_keeps_its_lease_or_loses_it_while_its_query_runs(company: Company) -> None:
    company.execute(
        f"alter role transformer in database {company.database.name} set client_connection_check_interval = 0"
    )
    with waits_at(company, TABLE) as admin:
        with started(company, "run", "--quiet", "--select", *ORDERS) as killed:
            wait_until_halted(admin, killed)
        still = company.dbt("run", "--quiet", "--select", ORDERS[0], check=False)
        assert f"{TABLE} is held by dbt invocation" in still.stdout
    wait_for_no_session(company)
    company.dbt("run", "--quiet", "--select", ORDERS[0])
    (dead, why), alive = company.query("select ended_at, error from ops.builds order by started_at offset 1")
    assert dead is not None
    assert why == "ended without a word"
    assert alive[1] is None
    # The view's lease is still the dead one's, until somebody wants it.
    assert leases(company).isdisjoint({TABLE})


def test_a_killed_builds_query_runs_on(company: Company) -> None:
    with waits_at(company, TABLE) as admin:
        with started(company, "run", "--quiet", "--select", *ORDERS) as killed:
            wait_until_halted(admin, killed)
        wait_for_no_session(company, seconds=5)


def test_a_build_commits_though_it_lost_its_lease_or_goes_on_though_its_start_failed(
    company: Company,
) -> None:
    """Asleep for long between two models, it would be thought dead; here another took the view's lease."""
    with (
        waits_at(company, TABLE) as admin,
        started(company, "run", "--quiet", "--select", *ORDERS) as first,
    ):
        wait_until_halted(admin, first)
        admin.execute("delete from ops.build_leases where relation = 'staging.stg_smartpizza__orders'")
        let_go(admin)
        told, _ = first.communicate(timeout=60)
    assert first.returncode == 1
    assert "the build lease of staging.stg_smartpizza__orders was taken over" in told

    company.api.advance(days=1)
    company.load()
    taken = company.scalar(f"select max(load_order) from {TABLE}")
    company.execute("revoke insert on ops.builds from transformer")
    done = company.dbt("run", "--quiet", "--select", *ORDERS, check=False)
    assert done.returncode == 1
    assert "permission denied for table builds" in done.stdout
    assert company.scalar(f"select max(load_order) from {TABLE}") == taken
    assert leases(company) == set()


def wait_for_no_session(company: Company, seconds: float = 20) -> None:
    with company.database.connect("admin", autocommit=True) as admin:
        wait_for(
            admin,
            "select 1 where not exists (select from pg_stat_activity"
            " where application_name = 'dbt' and datname = current_database())",
            seconds=seconds,
        )

"""A view that stands as its model has it is left alone; any other is made anew."""

from collections.abc import Callable

import pytest

from sandbox.smartpizza import NO_DRIFT, Config
from tests.end_to_end.company import Company

CONFIG = Config(branches=1, days=1, orders_per_day=5, seed=9, drift=NO_DRIFT)
MODELS = ("base_smartpizza__branches", "quarantine_smartpizza__branches", "stg_smartpizza__branches")
SWEEPS, VIEW, TABLE = (
    "staging.stg_smartpizza__branch_sweeps",
    "staging.stg_smartpizza__branches",
    "base.base_smartpizza__branches",
)


@pytest.fixture
def company(company_of: Callable[[Config], Company]) -> Company:
    company = company_of(CONFIG)
    company.load()
    run(company, "stg_smartpizza__branch_sweeps")
    return company


def run(company: Company, *more: str) -> None:
    company.dbt("run", "--quiet", "--select", *MODELS, *more)


def oids(company: Company) -> dict[str, int]:
    """The identity of each view: one that was swapped has another."""
    return dict(
        company.query(
            "select oid::regclass::text, oid::bigint from pg_class where relkind = 'v'"
            " and relnamespace::regnamespace::text in ('staging', 'quarantine')"
        )
    )


def test_a_reader_finds_no_view_amid_a_build_in_which_none_changed(company: Company) -> None:
    before = oids(company)
    assert set(before) == {SWEEPS, VIEW, "quarantine.quarantine_smartpizza__branches"}
    company.load()
    run(company, "stg_smartpizza__branch_sweeps")
    assert oids(company) == before
    assert company.scalar(f"select count(*) from {VIEW}") == CONFIG.branches


def test_a_view_that_somebody_changed_stays_wrong(company: Company) -> None:
    sound = company.scalar(f"select pg_get_viewdef('{VIEW}'::regclass)")
    columns = "branch_id, branch_name, region, country, city, timezone, currency, opened_date, closed_date"
    for harm in (
        f"drop view {VIEW}",
        f"create or replace view {VIEW} as select {columns}, load_order from {TABLE}",
        f"drop view {VIEW}; create table {VIEW} (branch_id integer)",
    ):
        before = oids(company)
        company.execute(f"set role transformer; {harm}")
        company.dbt("run", "--quiet", "--select", "stg_smartpizza__branches")
        after = oids(company)
        assert company.scalar(f"select pg_get_viewdef('{VIEW}'::regclass)") == sound, harm
        assert after[VIEW] != before[VIEW], harm
        assert after[SWEEPS] == before[SWEEPS], harm


def test_a_column_that_came_later_never_reaches_a_view_of_all_columns(company: Company) -> None:
    company.execute(f"set role transformer; alter table {TABLE} add column came_later text")
    company.dbt("run", "--quiet", "--select", "stg_smartpizza__branches")
    assert "came_later" in company.scalar(f"select pg_get_viewdef('{VIEW}'::regclass)")


def test_a_changed_model_never_reaches_its_view(company: Company) -> None:
    before = oids(company)
    models = company.copy_of_project() / "dbt_project" / "models"
    yaml = models / "quarantine" / "smartpizza" / "quarantine_smartpizza__branches.yml"
    yaml.write_text(yaml.read_text().replace("The branch, null where", "Which branch, null where"))
    run(company)
    comment = "select col_description('quarantine.quarantine_smartpizza__branches'::regclass, 3)"
    assert company.scalar(comment).startswith("Which branch")
    sql = models / "staging" / "smartpizza" / "stg_smartpizza__branches.sql"
    sql.write_text(sql.read_text().replace("versions.region,", "upper(versions.region) as region,"))
    run(company)
    after = oids(company)
    assert {view for view in before if after[view] != before[view]} == {
        VIEW,
        "quarantine.quarantine_smartpizza__branches",
    }
    assert "upper(" in company.scalar(f"select pg_get_viewdef('{VIEW}'::regclass)")


def test_a_full_refresh_leaves_a_view_out(company: Company) -> None:
    before = oids(company)
    run(company, "stg_smartpizza__branch_sweeps", "--full-refresh")
    after = oids(company)
    assert set(after) == set(before)
    assert not set(after.values()) & set(before.values())

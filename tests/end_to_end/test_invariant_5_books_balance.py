"""Invariant 5, the models' part: raw equals base, and every key is in one place; what does not balance is red."""

import json
from collections.abc import Callable

from sandbox.smartpizza import Config
from tests.end_to_end.company import Company
from tests.end_to_end.warehouse import Done

BASE = "base.base_smartpizza__orders"
NEWEST = f"(select max(load_order) from {BASE})"
ELSEWHERE = 1_000_000
OLDEST = f"(select min(load_order) from {BASE})"
CONFIG = Config(branches=2, days=1, orders_per_day=20, seed=5)


def test_a_row_lost_or_doubled_between_raw_and_base_is_red(company_of: Callable[[Config], Company]) -> None:
    """In the newest loads at once, in older ones by the nightly audit."""
    company = company_of(CONFIG)
    company.load()
    company.build()
    company.api.advance(days=1)
    company.load()
    company.build()
    company.dbt("build", "--quiet", "--selector", "smartpizza_nightly")
    assert_every_base_model_has_its_books(company)

    lose_row(company, NEWEST)
    assert_red(company.build(check=False), "books_raw_equals_base_orders")
    put_back(company)
    books(company)

    double_row(company, NEWEST)
    assert_red(books(company, check=False), "books_raw_equals_base_orders")
    company.execute(f"delete from {BASE} where load_position = {ELSEWHERE}")

    lose_row(company, OLDEST)
    books(company)
    audit = company.dbt("build", "--quiet", "--selector", "smartpizza_nightly", check=False)
    assert_red(audit, "books_raw_equals_base_orders_whole")


def test_a_key_lost_on_the_way_to_staging_is_red(company_of: Callable[[Config], Company]) -> None:
    """The view forgets one of the new orders: nothing that depends on it is built."""
    company = company_of(CONFIG)
    company.load()
    company.build()
    company.api.advance(days=1)
    company.load()
    before = company.query("select order_id from marts.fct_orders order by 1")
    lost = company.scalar(
        """
        select min(record ->> 'order_id') from raw.smartpizza__orders
        where record -> 'deleted' is null and record ->> 'order_id' not in (select order_id from marts.fct_orders)
        """
    )
    staging = company.copy_of_project() / "dbt_project/models/staging/smartpizza/stg_smartpizza__orders.sql"
    view = staging.read_text()
    assert "not versions.is_deleted" in view
    staging.write_text(
        view.replace("not versions.is_deleted", f"not versions.is_deleted and versions.order_id <> '{lost}'")
    )

    failed = company.build(check=False)

    assert_red(failed, "books_keys_balance_orders")
    skipped = company.query(
        """
        select node_id from ops.dbt_results
        where status = 'skipped' and resource_type = 'model'
            and invocation_id = (select invocation_id from ops.builds order by started_at desc limit 1)
        """
    )
    assert ("model.elt.fct_orders",) in skipped
    assert company.query("select order_id from marts.fct_orders order by 1") == before


def books(company: Company, check: bool = True) -> Done:
    """The test of the newest loads of orders alone."""
    return company.dbt("test", "--quiet", "--select", "books_raw_equals_base_orders", check=check)


def assert_red(done: Done, test: str) -> None:
    assert done.returncode == 1
    assert f"Failure in test {test} " in done.stdout, done.stdout


def lose_row(company: Company, load_order: str) -> None:
    company.execute(
        f"create table base.spare as select * from {BASE} where load_order = {load_order} limit 1"
    )
    company.execute(
        f"delete from {BASE} where (load_order, load_position) in (select load_order, load_position from base.spare)"
    )


def double_row(company: Company, load_order: str) -> None:
    """At a place of its own, since a unique index refuses the same place."""
    company.execute(
        f"""
        create table base.spare as select * from {BASE} where load_order = {load_order} limit 1;
        update base.spare set load_position = {ELSEWHERE}
        """
    )
    put_back(company)


def put_back(company: Company) -> None:
    company.execute(f"insert into {BASE} table base.spare; drop table base.spare")


def assert_every_base_model_has_its_books(company: Company) -> None:
    """Both books of each stream, over the newest loads and, at night, over all. A full list has no keys to balance:
    what it lacks is gone."""
    nodes = json.loads((company.folder / "target" / "manifest.json").read_text())["nodes"].values()
    models = {
        node["name"]
        for node in nodes
        if node["name"].startswith("base_smartpizza__") and node["resource_type"] == "model"
    }
    assert len(models) == 7
    found: dict[str, set[tuple[str, bool]]] = {model: set() for model in models}
    for node in nodes:
        if node["resource_type"] == "test" and node.get("test_metadata"):
            kwargs = node["test_metadata"]["kwargs"]
            is_whole = kwargs.get("whole", False)
            assert is_whole is ("nightly" in node["tags"]) or node["test_metadata"]["name"] not in (
                "raw_equals_base",
                "keys_balance",
            )
            model = node["attached_node"].rsplit(".", 1)[1]
            if model in found:
                found[model].add((node["test_metadata"]["name"], is_whole))
    for model, tests in found.items():
        assert {("raw_equals_base", False), ("raw_equals_base", True)} <= tests, model
        if model != "base_smartpizza__branches":
            assert {("keys_balance", False), ("keys_balance", True)} <= tests, model

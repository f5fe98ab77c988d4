"""Invariant 9: after an erasure no table holds the person, and marts never hold anybody in clear."""

from collections.abc import Callable

from sandbox.smartpizza import Config, Rates
from tests.end_to_end.company import Company

PERSONAL = ("full_name", "email", "phone")


def test_an_erased_person_is_still_in_some_table(company_of: Callable[[Config], Company]) -> None:
    config = Config(branches=2, days=1, orders_per_day=20, seed=5, rates=Rates(customer_erased_per_day=0.05))
    company = company_of(config)
    company.load()
    known = {person["customer_id"]: person for person in company.api.records("/v1/customers")}
    company.api.advance(days=3)
    company.load()
    company.extract("erase", "smartpizza", role="maintainer")
    company.build()

    gone = {row["customer_id"] for row in company.api.records("/v1/customers/erasures")} & known.keys()
    assert len(gone) > 3, "nobody was erased whom raw had known"
    tables = company.query(
        """
        select format('%I.%I', table_schema, table_name), table_schema from information_schema.tables
        where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'
        """
    )
    erased = {known[customer][key] for customer in gone for key in PERSONAL}
    others = {person[key] for person in known.values() for key in PERSONAL} - erased
    for table, schema in tables:
        content = "\n".join(row for (row,) in company.query(f"select to_jsonb(t)::text from {table} as t"))
        assert {word for word in erased - others if word in content} == set(), table
        if schema not in ("raw", "ops"):
            assert {word for word in others if word in content} == set(), table

    kept = company.query("select customer_id from marts.dim_customers where is_erased")
    assert gone <= {customer for (customer,) in kept}
    assert company.query("select count(*) from ops.erasures")[0][0] > 0

"""Invariant 9: of an erased person nothing is left in the database but the key, whenever their records came."""

from collections.abc import Callable, Iterable
from typing import Any

import psycopg
import pytest

from sandbox.smartpizza import Config, Rates
from tests.end_to_end.company import Company
from tests.end_to_end.loads import loads_of

CONFIG = Config(branches=2, days=2, orders_per_day=20, seed=6, rates=Rates(customer_erased_per_day=0.5))
MODEL_SCHEMAS = ("base", "staging", "quarantine", "intermediate", "marts")
FORBIDDEN = (
    ("reporter", "select 1 from raw.smartpizza__orders"),
    ("reporter", "select 1 from base.base_smartpizza__customers"),
    ("reporter", "select 1 from staging.stg_smartpizza__customers"),
    ("reporter", "select 1 from intermediate.int_orders_summarized"),
    ("reporter", "select 1 from ops.dead_letters"),
    ("reporter", "delete from marts.dim_customers"),
    ("transformer", "delete from raw.smartpizza__orders"),
    ("transformer", "update raw.smartpizza__orders set load_position = 0"),
    ("transformer", "insert into raw.smartpizza__orders select * from raw.smartpizza__orders"),
    ("transformer", "select 1 from ops.dead_letters"),
    ("extractor", "select 1 from marts.dim_customers"),
    ("extractor", "select 1 from base.base_smartpizza__customers"),
    ("extractor", "delete from raw.smartpizza__customers"),
)
Record = dict[str, Any]


def test_an_erased_person_is_still_in_some_table(company_of: Callable[[Config], Company]) -> None:
    """What came before the erasure, after it, and as dead letters; and no model names anyone at all."""
    company = company_of(CONFIG)
    company.load()
    company.build()
    customers, orders = company.api.records("/v1/customers"), company.api.records("/v1/orders")
    company.api.advance(days=5)
    company.load()
    erased = {record["customer_id"] for record in company.api.records("/v1/customers/erasures")}
    lost = [record for record in customers if record["customer_id"] in erased]
    lost_orders = [order for order in orders if order["customer_id"] in erased and order["delivery_address"]]
    assert len(lost) > 2
    assert len(lost_orders) > 1
    remaining = personal(company.api.records("/v1/customers"), company.api.records("/v1/orders"))
    everyone = remaining | personal(customers, orders)
    theirs = {word for word in personal(lost, lost_orders) if not any(word in others for others in remaining)}
    assert {"raw.smartpizza__customers", "raw.smartpizza__orders"} <= places_of(company, theirs)

    company.extract("erase", "smartpizza", role="maintainer")
    company.build()
    assert places_of(company, theirs) == set()

    with loads_of(company) as loads:
        loads.commit("customers", [record | {"version": record["version"] + 1} for record in lost])
        loads.commit("orders", [record | {"version": record["version"] + 1} for record in lost_orders])
        loads.commit(
            "orders", lost_orders, broken=dict.fromkeys(range(len(lost_orders)), "refused by a test")
        )
        loads.commit("customers", lost, broken=dict.fromkeys(range(len(lost)), "refused by a test"))
    assert {"raw.smartpizza__customers", "ops.dead_letters"} <= places_of(company, theirs)
    company.extract("erase", "smartpizza", role="maintainer")
    company.build()
    assert places_of(company, theirs) == set()

    assert_only_keys_are_left(company, erased, lost_orders)
    assert places_of(company, everyone, MODEL_SCHEMAS, ("r", "v")) == set(), "models name persons"
    for role, statement in FORBIDDEN:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            company.execute(statement, role=role)
    assert company.scalar("select count(*) from marts.dim_customers", role="reporter") > len(erased)


def personal(customers: Iterable[Record], orders: Iterable[Record]) -> set[str]:
    """Names, addresses and numbers that tell who somebody is."""
    found = set()
    for record in customers:
        found |= {record["full_name"], record["email"], record["phone"], record["address"]["street"]}
    for record in orders:
        address = record["delivery_address"] or {}
        found |= {address.get("name"), address.get("street")}
    return found - {None}


def places_of(
    company: Company, words: set[str], schemas: tuple[str, ...] = (), kinds: tuple[str, ...] = ("r", "m")
) -> set[str]:
    """Relations where one of the words stands in some column of some row, as text or as bytes.

    Of all schemas that are not Postgres's own, or of those named. A partition counts as its table.
    """
    relations = company.query(
        """
        select relation.oid::regclass::text, coalesce(parent.inhparent::regclass, relation.oid::regclass)::text
        from pg_class as relation
        inner join pg_namespace as schema on schema.oid = relation.relnamespace
        left join pg_inherits as parent on parent.inhrelid = relation.oid
        where relation.relkind::text = any(%s)
            and (schema.nspname::text = any(%s) or %s and schema.nspname !~ '^(pg_|information_schema$)')
        """,
        list(kinds),
        list(schemas),
        not schemas,
    )
    assert len(relations) > 10
    spellings = words | {word.encode().hex() for word in words}
    found = set()
    for name, place in relations:
        text = company.scalar(f"select string_agg(to_jsonb(rows)::text, ' ') from {name} as rows") or ""
        if any(spelling in text for spelling in spellings):
            found.add(place)
    return found


def assert_only_keys_are_left(company: Company, erased: set[str], orders: list[Record]) -> None:
    rows = company.query(
        """
        select customer_id, surviving_customer_id, is_merged, erased_at is not null,
            jsonb_strip_nulls(
                to_jsonb(dim) - array['customer_id', 'surviving_customer_id', 'is_merged', 'is_erased', 'erased_at']
            )
        from marts.dim_customers as dim
        where is_erased
        """
    )
    assert {row[0] for row in rows} == erased
    assert all(row[1:] == (row[0], False, True, {}) for row in rows)
    ids = [order["order_id"] for order in orders]
    kept = company.query("select order_id from marts.fct_orders where order_id = any(%s)", ids)
    assert {order_id for (order_id,) in kept} == set(ids), "an erased person's orders still add up"

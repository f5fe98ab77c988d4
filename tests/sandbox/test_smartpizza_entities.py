"""Recipes, customers, branches and inventory of the simulated SmartPizza API."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from itertools import pairwise

import pytest

from sandbox.smartpizza import Config, Rates, RunningApi, serve


def _at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def recipes(smartpizza_api: RunningApi):
    return smartpizza_api.records("/v1/recipes")


def test_recipe_versions_never_overlap_and_leave_no_gap(recipes):
    by_id = defaultdict(list)
    for recipe in recipes:
        by_id[recipe["recipe_id"]].append(recipe)
    for versions in by_id.values():
        versions.sort(key=lambda recipe: recipe["version"])
        assert [recipe["version"] for recipe in versions] == list(range(1, len(versions) + 1))
        for older, newer in pairwise(versions):
            assert older["valid_to"] == newer["valid_from"]
            assert older["updated_at"] >= newer["updated_at"] or newer["valid_to"] is not None
        assert versions[-1]["valid_to"] is None


def test_a_new_recipe_version_serves_the_older_one_again_closed(smartpizza_fresh: RunningApi):
    before = {(r["recipe_id"], r["version"]): r for r in smartpizza_fresh.records("/v1/recipes")}
    as_of = smartpizza_fresh.now
    smartpizza_fresh.advance(days=11)
    changed = smartpizza_fresh.records("/v1/recipes", updated_since=as_of)
    new = [r for r in changed if (r["recipe_id"], r["version"]) not in before]
    assert new
    closed = {(r["recipe_id"], r["version"]): r for r in changed}
    for recipe in new:
        older = closed[recipe["recipe_id"], recipe["version"] - 1]
        assert older["valid_to"] == recipe["valid_from"]
        assert (
            older["updated_at"]
            > before.get((older["recipe_id"], older["version"]), {"updated_at": ""})["updated_at"]
        )


def test_recipes_resolve_to_ingredients_over_two_levels(recipes):
    newest = {r["recipe_id"]: r for r in recipes}
    assert sum(r["kind"] == "pizza" for r in newest.values()) == 32
    ingredients = set()

    def depth(recipe_id: str) -> int:
        below = [0]
        for part in newest[recipe_id]["sizes"][0]["components"]:
            assert Decimal(part["quantity"]) > 0
            if part["type"] == "sub_recipe":
                assert newest[part["recipe_id"]]["kind"] == "component"
                below.append(depth(part["recipe_id"]))
            else:
                ingredients.add(part["ingredient_id"])
        return 1 + max(below)

    depths = {recipe_id: depth(recipe_id) for recipe_id in newest}
    assert depths["bbq_sauce"] == 2
    assert max(depths.values()) >= 3
    assert len(ingredients) == 65
    assert {size["size"] for r in newest.values() if r["kind"] == "component" for size in r["sizes"]} == {
        "KG"
    }


def test_merges_chain_and_lead_to_customers_that_are_served():
    rates = Rates(customer_merged_per_day=0.01)
    with serve(Config(branches=3, days=14, orders_per_day=100, rates=rates)) as api:
        customers = {c["customer_id"]: c for c in api.records("/v1/customers")}
    merged = {c["customer_id"]: c["merged_into"] for c in customers.values() if c["merged_into"]}
    assert merged
    assert any(target in merged for target in merged.values())
    assert set(merged.values()) <= customers.keys()
    assert all(customers[c]["version"] > 1 and customers[c]["updated_at"] > "2026-03-16" for c in merged)
    assert len({c["country"] for c in customers.values()}) == 3


def test_an_erased_customer_is_never_served_again_nor_their_address():
    rates = Rates(customer_erased_per_day=0.02)
    with serve(Config(branches=3, days=4, orders_per_day=100, rates=rates)) as api:
        before = {c["customer_id"] for c in api.records("/v1/customers")}
        as_of = api.now
        api.advance(days=4)
        erasures = api.records("/v1/customers/erasures", since=as_of)
        orders = api.records("/v1/orders")
        customers = {c["customer_id"] for c in api.records("/v1/customers")}
        everyone = api.records("/v1/customers/erasures")
    gone = {e["customer_id"] for e in erasures}
    assert gone & before
    assert not gone & customers
    keys = [(e["erased_at"], e["erasure_id"]) for e in everyone]
    assert keys == sorted(set(keys))
    assert all(e["requested_at"] < e["erased_at"] <= "2026-03-24" for e in everyone)
    erased = {e["customer_id"]: e["erased_at"] for e in everyone}
    theirs = [order for order in orders if order["customer_id"] in erased]
    assert any(order["fulfilment"] == "delivery" for order in theirs)
    for order in theirs:
        assert order["delivery_address"] is None
        assert order["placed_at"] < erased[order["customer_id"]]
    assert {o["customer_id"] for o in orders} - {None} <= customers | erased.keys()


def test_addresses_are_there_for_deliveries_only(smartpizza_api, smartpizza_orders):
    erased = {e["customer_id"] for e in smartpizza_api.records("/v1/customers/erasures")}
    for order in smartpizza_orders:
        if "deleted" not in order and order["customer_id"] not in erased:
            assert (order["delivery_address"] is not None) == (order["fulfilment"] == "delivery")


def test_customers_change_with_rising_versions(smartpizza_fresh: RunningApi):
    before = {c["customer_id"]: c for c in smartpizza_fresh.records("/v1/customers")}
    as_of = smartpizza_fresh.now
    smartpizza_fresh.advance(days=20)
    changed = smartpizza_fresh.records("/v1/customers", updated_since=as_of)
    known = [c for c in changed if c["customer_id"] in before]
    assert known
    assert all(c["version"] > before[c["customer_id"]]["version"] for c in known)
    assert any(c["version"] == 1 for c in changed if c["customer_id"] not in before)


def test_a_branch_opens_and_another_vanishes_but_is_still_summed_up():
    with serve(Config(branches=4, days=4, orders_per_day=20)) as api:
        listed = []
        for _ in range(10):
            listed.append([row["branch_id"] for row in api.records("/v1/branches")])
            api.advance(days=1)
        days = [
            [row["branch_id"] for row in api.records("/v1/orders/summary", business_date=date)]
            for date in ("2026-03-19", "2026-03-25")
        ]
    assert listed[0] == [1, 2, 3]
    assert [1, 2, 3, 4] in listed
    assert listed[-1] == [1, 2, 4]
    assert days == [[1, 2, 3], [1, 2, 4]]


def test_stock_balances_from_count_to_count(smartpizza_api: RunningApi):
    levels = smartpizza_api.records("/v1/inventory/levels")
    by_key = {(r["branch_id"], r["ingredient_id"], r["business_date"]): r for r in levels}
    assert len(by_key) == len(levels)
    corrected = [r for r in levels if r["reason"] == "correction"]
    assert 0.005 < len(corrected) / len(levels) < 0.03
    for row in levels:
        assert row["version"] == (2 if row["reason"] == "correction" else 1)
        assert min(Decimal(row[name]) for name in ("on_hand", "received", "wasted")) >= 0
        age = _at(row["updated_at"]) - _at(row["as_of"])
        if row["version"] == 2:
            assert dt.timedelta(days=1) < age < dt.timedelta(days=3, hours=1)
        else:
            assert age <= dt.timedelta(minutes=30)
    used = []
    for (branch, ingredient, date), row in by_key.items():
        day_before = (dt.date.fromisoformat(date) - dt.timedelta(days=1)).isoformat()
        previous = by_key.get((branch, ingredient, day_before))
        if previous and ingredient == "mozzarella":
            movement = Decimal(previous["on_hand"]) + Decimal(row["received"]) - Decimal(row["wasted"])
            used.append(movement - Decimal(row["on_hand"]))
    # Fifty orders of some 1.25 pizzas with about 0.1 kg of mozzarella each.
    assert 4 < sum(used) / len(used) < 9


def test_a_correction_replaces_the_count_of_its_day(smartpizza_fresh: RunningApi):
    before = {
        (r["branch_id"], r["ingredient_id"], r["business_date"]): r
        for r in smartpizza_fresh.records("/v1/inventory/levels")
    }
    smartpizza_fresh.advance(days=4)
    after = {
        (r["branch_id"], r["ingredient_id"], r["business_date"]): r
        for r in smartpizza_fresh.records("/v1/inventory/levels")
    }
    changed = [key for key, row in before.items() if after[key] != row]
    assert changed
    for key in changed:
        assert (before[key]["version"], after[key]["version"]) == (1, 2)
        assert before[key]["as_of"] == after[key]["as_of"]
        assert before[key]["on_hand"] != after[key]["on_hand"]


def test_a_branch_inventory_is_the_last_count_before_the_instant(smartpizza_api: RunningApi):
    rows = smartpizza_api.records("/v1/branches/2/inventory", as_of="2026-03-20T12:00:00Z")
    assert len({row["ingredient_id"] for row in rows}) == len(rows) == 65
    assert {row["business_date"] for row in rows} == {"2026-03-19"}
    latest = smartpizza_api.records("/v1/branches/2/inventory")
    assert {row["business_date"] for row in latest} == {"2026-03-28"}

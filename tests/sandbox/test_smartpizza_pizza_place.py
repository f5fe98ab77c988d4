"""The Pizza Place Sales files served through the simulated SmartPizza API."""

import os
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.smartpizza import Config, serve

FOLDER = Path(os.environ.get("PIZZA_PLACE_DIR") or Path(__file__).parents[3] / "shared/data/pizza_place")

pytestmark = pytest.mark.skipif(
    not (FOLDER / "orders.csv").exists(),
    reason=f"no Pizza Place files in {FOLDER}: set PIZZA_PLACE_DIR to the folder of their CSV files",
)


@pytest.fixture(scope="module")
def api():
    with serve(Config(pizza_place=FOLDER)) as running:
        yield running


@pytest.fixture(scope="module")
def orders(api):
    return api.records("/v1/orders")


def test_the_known_totals_are_served_exactly(orders):
    items = [item for order in orders for item in order["items"]]
    assert len({order["order_id"] for order in orders}) == 21_350
    assert len(items) == 48_620
    assert sum(item["quantity"] for item in items) == 49_574
    assert sum(Decimal(item["unit_price"]) * item["quantity"] for item in items) == Decimal("817860.05")
    assert sum(Decimal(order["total"]) for order in orders) == Decimal("817860.05")


def test_no_order_lies_ahead_of_the_clock(api, orders):
    assert max(order["updated_at"] for order in orders) <= api.now
    assert {order["status"] for order in orders} == {"collected"}


def test_the_summary_adds_up_to_the_orders(api, orders):
    expected = defaultdict(lambda: [0, Decimal(0)])
    for order in orders:
        expected[order["business_date"]][0] += 1
        expected[order["business_date"]][1] += Decimal(order["total"])
    assert len(expected) == 358
    for date in ("2015-01-01", "2015-07-04", "2015-12-31"):
        (row,) = api.records("/v1/orders/summary", business_date=date)
        assert [row["order_count"], Decimal(row["gross_total"])] == expected[date]
    assert api.records("/v1/orders/summary", business_date="2015-12-25") == []
    recent = {row["business_date"]: row["order_count"] for row in api.records("/v1/orders/summary")}
    assert recent == {date: row[0] for date, row in expected.items() if date > "2015-12-18"}


def test_every_line_finds_its_recipe_and_size(api, orders):
    recipes = {recipe["recipe_id"]: recipe for recipe in api.records("/v1/recipes")}
    assert len(recipes) == 32
    sizes = {key: {size["size"] for size in recipe["sizes"]} for key, recipe in recipes.items()}
    assert all(item["size"] in sizes[item["recipe_id"]] for order in orders for item in order["items"])
    names = {part["ingredient_id"] for r in recipes.values() for s in r["sizes"] for part in s["components"]}
    assert len(names) == 65
    assert all(name.isascii() and name == name.lower() for name in names)


def test_an_order_is_found_by_its_id_and_the_other_streams_are_empty(api, orders):
    with api.client() as client:
        assert client.get(f"/v1/orders/{orders[7]['order_id']}").json()["data"] == orders[7]
    assert [branch["timezone"] for branch in api.records("/v1/branches")] == ["America/New_York"]
    for path in (
        "/v1/customers",
        "/v1/customers/erasures",
        "/v1/inventory/levels",
        "/v1/branches/1/inventory",
    ):
        assert api.records(path) == []

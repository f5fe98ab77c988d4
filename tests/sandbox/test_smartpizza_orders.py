"""Orders of the simulated SmartPizza API: what they hold and how they change."""

import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from sandbox.smartpizza import NO_DRIFT, Config, Rates, RunningApi, serve


def _at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _amount(value) -> Decimal:
    return Decimal(value["amount"] if isinstance(value, dict) else value)


def _branch(order) -> int:
    return order["branch_id"] if "branch_id" in order else order["store_id"]


@pytest.fixture(scope="module")
def living(smartpizza_orders):
    return [order for order in smartpizza_orders if "deleted" not in order]


@pytest.fixture(scope="module")
def branches(smartpizza_api: RunningApi):
    # The closed branch has left the list; its clock is that of its city, the seventh's.
    listed = {row["branch_id"]: ZoneInfo(row["timezone"]) for row in smartpizza_api.records("/v1/branches")}
    return listed | {7: ZoneInfo("Europe/Paris")}


def test_amounts_of_every_order_add_up(living):
    for order in living:
        lines = [Decimal(item["quantity"]) * _amount(item["unit_price"]) for item in order["items"]]
        subtotal, total = _amount(order["subtotal"]), _amount(order["total"])
        assert subtotal == sum(lines)
        assert _amount(order["discount_total"]) == sum(_amount(item["discount"]) for item in order["items"])
        assert _amount(order["tax_total"]) == sum(_amount(item["tax"]) for item in order["items"])
        extras = _amount(order["tax_total"]) + _amount(order["delivery_fee"]) + _amount(order["tip"])
        assert total == subtotal - _amount(order["discount_total"]) + extras
        assert [_amount(payment["amount"]) for payment in order["payments"]] == [total]
        assert [item["line_id"] for item in order["items"]] == list(range(1, len(order["items"]) + 1))


def test_business_date_is_local_to_the_branch_across_the_clock_change(living, branches):
    local_days = defaultdict(set)
    for order in living:
        local = _at(order["placed_at"]).astimezone(branches[_branch(order)])
        assert order["business_date"] == local.date().isoformat()
        assert local.hour == 0 or 11 <= local.hour < 23
        local_days[_branch(order)].add(local.utcoffset())
    # Some branches changed their clocks in these days, some did not.
    assert {len(offsets) for offsets in local_days.values()} == {1, 2}


def test_instants_of_an_order_are_in_order(living):
    for order in living:
        steps = [_at(step["at"]) for step in order["status_history"]]
        assert steps == sorted(steps)
        assert steps[0] == _at(order["placed_at"])
        assert _at(order["placed_at"]) < _at(order["created_at"]) < _at(order["updated_at"])
        assert steps[-1] < _at(order["updated_at"])
        assert order["status"] == order["status_history"][-1]["status"]


def test_every_fate_occurs(living, smartpizza_orders):
    statuses = Counter(order["status"] for order in living)
    assert statuses.keys() >= {"delivered", "collected", "cancelled", "refunded", "partially_refunded"}
    assert any(payment["chargebacks"] for order in living for payment in order["payments"])
    tombstones = [order for order in smartpizza_orders if order.get("deleted")]
    assert tombstones
    assert {tuple(order) for order in tombstones} == {
        ("order_id", "deleted", "deleted_at", "updated_at", "version")
    }


def test_late_branches_push_in_bulk_with_old_business_dates(living):
    # A chargeback, too, comes long after the last status.
    plain = [order for order in living if not order["payments"][0]["chargebacks"]]
    waits = [(o, _at(o["updated_at"]) - _at(o["status_history"][-1]["at"])) for o in plain]
    late = [order for order, wait in waits if wait > dt.timedelta(minutes=5)]
    hours = [(_at(o["updated_at"]) - _at(o["placed_at"])) / dt.timedelta(hours=1) for o in late]
    assert late
    assert min(hours) > 1
    assert max(hours) < 36.1
    assert max(Counter((_branch(o), o["business_date"]) for o in late).values()) > 1


def test_double_submissions_share_a_key_and_nothing_else_does(living):
    by_key = defaultdict(list)
    for order in living:
        by_key[order["idempotency_key"]].append(order)
    doubled = [orders for orders in by_key.values() if len(orders) > 1]
    assert doubled
    for one, other in doubled:
        assert one["order_id"] != other["order_id"]
        assert _amount(one["total"]) == _amount(other["total"])
        assert one["payments"][0]["payment_id"] != other["payments"][0]["payment_id"]


def test_an_order_can_be_looked_up_by_the_id_it_was_listed_with(smartpizza_api, smartpizza_orders):
    with smartpizza_api.client() as client:
        for order in smartpizza_orders[::400]:
            assert client.get(f"/v1/orders/{order['order_id']}").json()["data"] == order
        stranger = smartpizza_orders[0]["order_id"].replace("-4", "-5", 1)
        assert client.get(f"/v1/orders/{stranger}").status_code == 404


def test_summary_is_what_the_orders_add_up_to_for_every_branch_and_day(smartpizza_api, living):
    expected = defaultdict(lambda: [0, Decimal(0), ""])
    for order in living:
        row = expected[_branch(order), order["business_date"]]
        row[0] += 1
        row[1] += _amount(order["total"])
        row[2] = max(row[2], order["updated_at"])
    found = {}
    for day in range(-1, 17):
        date = (dt.date(2026, 3, 16) + dt.timedelta(days=day)).isoformat()
        for row in smartpizza_api.records("/v1/orders/summary", business_date=date, page_size=3):
            key = row["branch_id"], row["business_date"]
            assert key not in found
            found[key] = [row["order_count"], Decimal(row["gross_total"]), row["max_updated_at"]]
    assert found == dict(expected)
    one = smartpizza_api.records("/v1/orders/summary", business_date="2026-03-18", branch_id=4)
    assert [(row["branch_id"], row["business_date"]) for row in one] == [(4, "2026-03-18")]


def test_summary_without_a_day_tells_of_the_last_14(smartpizza_api):
    recent = smartpizza_api.records("/v1/orders/summary", page_size=7)
    dates = [(dt.date(2026, 3, 16) + dt.timedelta(days=day)).isoformat() for day in range(2, 16)]
    by_day = [
        row for date in dates for row in smartpizza_api.records("/v1/orders/summary", business_date=date)
    ]
    assert recent == by_day
    assert len({row["business_date"] for row in recent}) >= 12


def test_recipe_versions_in_lines_were_valid_when_the_order_was_placed(smartpizza_api, living):
    versions = {(r["recipe_id"], r["version"]): r for r in smartpizza_api.records("/v1/recipes")}
    for order in living:
        for item in order["items"]:
            for part in item.get("halves") or ([item] if item["kind"] == "pizza" else []):
                recipe = versions[part["recipe_id"], part["recipe_version"]]
                assert recipe["valid_from"] <= order["placed_at"]
                assert recipe["valid_to"] is None or order["placed_at"] < recipe["valid_to"]
                assert item["size"] in {size["size"] for size in recipe["sizes"]}


def test_nothing_is_removed_that_the_recipe_does_not_have(smartpizza_api, living):
    recipes = {(r["recipe_id"], r["version"]): r for r in smartpizza_api.records("/v1/recipes")}
    actions = Counter()
    for order in living:
        for item in order["items"]:
            for modifier in item["modifiers"] or []:
                actions[modifier["action"]] += 1
                if modifier["action"] == "remove":
                    recipe = recipes[item["recipe_id"], item["recipe_version"]]
                    parts = next(s["components"] for s in recipe["sizes"] if s["size"] == item["size"])
                    used = {p["ingredient_id"]: p["quantity"] for p in parts if p["type"] == "ingredient"}
                    assert used[modifier["ingredient_id"]] == modifier["quantity"]
    assert actions.keys() == {"add", "remove"}


def test_versions_and_updated_at_only_rise_as_the_clock_moves():
    with serve(Config(branches=1, days=0, orders_per_day=40, drift=NO_DRIFT)) as api:
        api.advance(hours=9)
        seen, changes = {}, Counter()
        for _ in range(30):
            now = api.advance(minutes=7)
            for order in api.records("/v1/orders", include_deleted="true"):
                assert order["updated_at"] <= now
                before = seen.get(order["order_id"])
                if before is not None and before != order:
                    assert order["version"] > before["version"]
                    assert order["updated_at"] > before["updated_at"]
                    assert order["total"] == before["total"]
                    assert order["items"] == before["items"]
                    changes[order["order_id"]] += 1
                seen[order["order_id"]] = order
        assert max(changes.values()) >= 4
        assert min(order["version"] for order in seen.values()) >= 1


def test_refunds_come_until_the_fourteenth_day_and_chargebacks_until_the_ninetieth():
    rates = Rates(refunded=0.3, charged_back=0.3, late=0)
    with serve(Config(branches=1, days=1, orders_per_day=80, drift=NO_DRIFT, rates=rates)) as api:
        api.advance(days=95)
        first_day = [o for o in api.records("/v1/orders") if o["business_date"] == "2026-03-16"]
    for kind, at, low, high in (("refunds", "refunded_at", 12, 14.1), ("chargebacks", "opened_at", 70, 90.1)):
        days = [
            (_at(entry[at]) - _at(order["placed_at"])) / dt.timedelta(days=1)
            for order in first_day
            for entry in order["payments"][0][kind]
        ]
        assert low < max(days) < high
    for order in first_day:
        for refund in order["payments"][0]["refunds"]:
            assert 0 < _amount(refund["amount"]) <= _amount(order["total"])
        if order["status"] in ("refunded", "cancelled"):
            assert _amount(order["payments"][0]["refunds"][0]["amount"]) == _amount(order["total"])


def test_hours_follow_two_daily_peaks(living, branches):
    hours = Counter(_at(o["placed_at"]).astimezone(branches[_branch(o)]).hour for o in living)
    assert hours[18] > 2 * hours[22]
    assert 0.09 < hours[12] / len(living) < 0.15

"""The drift calendar: every change of shape comes on its day and not before."""

import datetime as dt
import re

from sandbox.smartpizza import NO_DRIFT, Config, DriftCalendar, RunningApi, serve

START = dt.datetime(2026, 3, 16, tzinfo=dt.UTC)


def _day(text: str) -> int:
    return (dt.datetime.fromisoformat(text) - START).days


def _shape(order) -> dict[str, bool]:
    items, payment = order["items"], order["payments"][0]
    arrays = [item["modifiers"] for item in items] + [order["promotions"]]
    money = [order["total"], order["tip"], payment["amount"], items[0]["unit_price"], items[0]["tax"]]
    return {
        "loyalty_points": "loyalty_points" in order,
        "branch_id": "branch_id" in order,
        "store_id": "store_id" in order,
        "null_arrays": None in arrays,
        "empty_arrays": [] in arrays,
        "money_objects": all(isinstance(value, dict) for value in money),
        "money_strings": all(isinstance(value, str) for value in money),
        "quantity_strings": all(isinstance(item["quantity"], str) for item in items),
        "quantity_numbers": all(isinstance(item["quantity"], int) for item in items),
        "halves": any("halves" in item for item in items),
        "scheduled": order["status_history"][0]["status"] == "scheduled",
        "uuid_v7": order["order_id"][14] == "7",
    }


def _shapes(orders, by: str) -> dict[int, dict[str, set[bool]]]:
    days: dict[int, dict[str, set[bool]]] = {}
    for order in orders:
        if "deleted" not in order:
            for name, value in _shape(order).items():
                days.setdefault(_day(order[by]), {}).setdefault(name, set()).add(value)
    return days


def test_fields_drift_on_the_day_of_updated_at(smartpizza_orders):
    days = _shapes(smartpizza_orders, by="updated_at")
    assert min(days) <= 2
    assert max(days) == 13
    for day, seen in days.items():
        assert seen["loyalty_points"] == {day >= 3}
        assert seen["store_id"] == {day >= 5}
        assert seen["branch_id"] == {True}
        assert (True in seen["null_arrays"]) == (day >= 7)
        assert (True in seen["empty_arrays"]) == (day < 7)
        assert seen["money_objects"] == {day >= 8}
        assert seen["money_strings"] == {day < 8}
        assert seen["quantity_strings"] == {day >= 10}
        assert seen["quantity_numbers"] == {day < 10}


def test_ids_halves_and_scheduled_drift_on_the_day_of_placed_at(smartpizza_orders):
    days = _shapes(smartpizza_orders, by="placed_at")
    for day, seen in days.items():
        assert (True in seen["halves"]) == (day >= 6)
        assert (True in seen["scheduled"]) == (day >= 9)
        assert seen["uuid_v7"] == {day >= 12}


def test_drifted_values_keep_their_meaning(smartpizza_orders):
    for order in smartpizza_orders:
        if "deleted" in order:
            continue
        assert order.get("store_id", order["branch_id"]) == order["branch_id"]
        if isinstance(order["total"], dict):
            assert order["total"]["currency"] == order["currency"]
            assert re.fullmatch(r"\d+\.\d\d", order["total"]["amount"])
        for item in order["items"]:
            if isinstance(item["quantity"], str):
                assert re.fullmatch(r"\d\.0", item["quantity"])
            if "halves" in item:
                assert item["recipe_id"] is None
                assert len({half["recipe_id"] for half in item["halves"]}) == 2
        if order.get("loyalty_points") is not None:
            assert order["customer_id"] is not None
        identifier = order["order_id"]
        assert re.fullmatch(
            r"[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", identifier
        )


def test_scheduled_is_also_a_current_status():
    with serve(Config(branches=1, days=2, drift=DriftCalendar(scheduled=0))) as api:
        api.advance(hours=14)
        statuses = {order["status"] for order in api.records("/v1/orders")}
    assert "scheduled" in statuses


def test_branch_id_goes_after_both_keys_were_served():
    with serve(Config(branches=1, days=5, drift=DriftCalendar(store_id=2, both_branch_keys_days=2))) as api:
        days = _shapes(api.records("/v1/orders"), by="updated_at")
    assert {day: (seen["branch_id"], seen["store_id"]) for day, seen in days.items() if 0 <= day < 5} == {
        0: ({True}, {False}),
        1: ({True}, {False}),
        2: ({True}, {True}),
        3: ({True}, {True}),
        4: ({False}, {True}),
    }


def test_drift_can_be_switched_off():
    with serve(Config(branches=1, days=14, orders_per_day=60, drift=NO_DRIFT)) as api:
        days = _shapes(api.records("/v1/orders"), by="updated_at")
    drifted = {"loyalty_points", "store_id", "null_arrays", "money_objects", "quantity_strings", "halves"}
    drifted |= {"scheduled", "uuid_v7"}
    assert all(seen[name] == {False} for seen in days.values() for name in drifted)


def test_an_order_never_changes_its_id_or_its_lines_by_drifting(smartpizza_fresh: RunningApi):
    before = {o["order_id"]: o for o in smartpizza_fresh.records("/v1/orders")}
    smartpizza_fresh.advance(days=14)
    after = {o["order_id"]: o for o in smartpizza_fresh.records("/v1/orders", include_deleted="true")}
    assert before.keys() <= after.keys()
    for order_id, order in before.items():
        later = after[order_id]
        assert "deleted" in later or [i["sku"] for i in order["items"]] == [i["sku"] for i in later["items"]]

"""The company whose monitors are priced: what the sandbox's orders, recipes and customers hold, by the hour."""

import datetime as dt
from collections.abc import Iterator
from functools import cached_property

from benchmarks.monitor_ground import Ground
from benchmarks.monitor_series import Load, Record, Series, text
from sandbox.smartpizza import NO_DRIFT, Config, serve

# One customer is new or changed for so many orders.
ORDERS_PER_CUSTOMER = 10
# Stock is counted every night. Of days before these, on which no order changes any more, an increment reads nothing.
COUNTED_DAYS = 21
_LISTINGS = ("branches", "recipes", "customers", "orders")
_BODY = (
    "channel",
    "fulfilment",
    "discount_total",
    "tax_total",
    "subtotal",
    "total",
    "items",
    "delivery_fee",
    "tip",
)


class Company:
    """Days of orders by the hour, each with lines, payments and steps that the simulated API once gave for another."""

    def __init__(self, *, branches: int, days: int, orders: tuple[int, int]) -> None:
        self._series = Series(1, branches=branches, days=days, orders=orders)
        self._next_id = 1

    @cached_property
    def _served(self) -> dict[str, list[Record]]:
        with serve(Config(branches=10, days=2, orders_per_day=100, drift=NO_DRIFT)) as api:
            served = {name: api.records(f"/v1/{name}") for name in _LISTINGS}
        served["orders"] = [order for order in served["orders"] if not order.get("deleted")]
        return served

    @cached_property
    def _ingredients(self) -> list[str]:
        found = {
            component["ingredient_id"]
            for recipe in self._served["recipes"]
            for size in recipe["sizes"]
            for component in size["components"]
            if component["type"] == "ingredient"
        }
        return sorted(found)

    def open(self, ground: Ground) -> None:
        """Lands the full lists: branches and recipes."""
        branches = [
            self._served["branches"][0]
            | {
                "branch_id": number,
                "name": f"Branch {number}",
                "timezone": "UTC",
                "currency": "EUR",
                "closed_on": None,
            }
            for number in range(1, self._series.branches + 1)
        ]
        for stream, records in (("branches", branches), ("recipes", self._served["recipes"])):
            self._land(ground, stream, [Load(0, 0, self._series.committed_at(0, 0), records)])

    def trade(self, ground: Ground, day: int, hours: range = range(24)) -> None:
        """Lands the changes of a day's hours, a load each."""
        orders = [load for load in self._series.loads(day, self._filled) if load.hour in hours]
        self._land(ground, "orders", orders)
        self._land(ground, "customers", [self._customers(load) for load in orders])
        if day > self._series.days - COUNTED_DAYS:
            self._land(ground, "inventory_levels", [self._counts(load) for load in orders])

    def _land(self, ground: Ground, stream: str, loads: list[Load]) -> None:
        ground.take(loads, first_id=self._next_id, stream=stream)
        self._next_id += len(loads)

    def _filled(self, records: list[Record]) -> list[Record]:
        return [record | body for record, body in zip(records, self._bodies(records), strict=True)]

    def _bodies(self, records: list[Record]) -> Iterator[Record]:
        served = self._served["orders"]
        for number, record in enumerate(records):
            order = served[number % len(served)]
            steps = order["status_history"][:-1]
            yield {name: order[name] for name in _BODY} | {
                "payments": [
                    payment
                    | {"payment_id": f"pay_{record['order_id']}_{place}", "refunds": [], "chargebacks": []}
                    for place, payment in enumerate(order["payments"])
                ],
                "status_history": [
                    *({"status": step["status"], "at": record["placed_at"]} for step in steps),
                    {"status": record["status"], "at": record["updated_at"]},
                ],
            }

    def _customers(self, load: Load) -> Load:
        served = self._served["customers"]
        at = text(load.committed_at - dt.timedelta(minutes=10))
        return Load(
            load.day,
            load.hour,
            load.committed_at,
            [
                served[number % len(served)]
                | {"customer_id": f"cus_{load.day}_{load.hour}_{number}", "merged_into": None}
                | {"version": 1, "created_at": at, "updated_at": at}
                for number in range(1 + len(load.records) // ORDERS_PER_CUSTOMER)
            ],
        )

    def _counts(self, load: Load) -> Load:
        """Each branch counts once a day, in the hour in which it closes in its part of the world."""
        at = text(load.committed_at - dt.timedelta(minutes=10))
        branches = range(1 + (load.hour - 1) % 24, self._series.branches + 1, 24)
        return Load(
            load.day,
            load.hour,
            load.committed_at,
            [
                {
                    "branch_id": branch,
                    "ingredient_id": ingredient,
                    "business_date": at[:10],
                    "version": 1,
                    "as_of": at,
                    "on_hand": f"{10 + (branch + load.day) % 7}.250",
                    "received": "12.000",
                    "wasted": "0.125",
                    "unit": "kg",
                    "reason": "count",
                    "updated_at": at,
                }
                for branch in branches
                for ingredient in self._ingredients
            ],
        )

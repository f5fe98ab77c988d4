"""The Pizza Place Sales files through the same API: one branch, 2015, nothing invented but the forms."""

import csv
import datetime as dt
import re
import unicodedata
import uuid
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from sandbox.smartpizza.arrays import Instants, Ints
from sandbox.smartpizza.moment import Moment
from sandbox.smartpizza.money import cents, kilograms
from sandbox.smartpizza.orders.book import RECENT_DAYS
from sandbox.smartpizza.paging import Listing, Record
from sandbox.smartpizza.times import START_DATE, format_instant, parse_instant

_ZONE = "America/New_York"
_OPENED = parse_instant("2015-01-01T00:00:00Z")
# Past midnight in New York: the last orders of 2015 are in.
_NOW = parse_instant("2016-01-01T06:00:00Z")
# The files name ingredients but no quantities: each gets a fixed weight by size.
_GRAMS = {"S": 30, "M": 45, "L": 60, "XL": 75, "XXL": 90}
_ID_SPACE = uuid.UUID("6c1f0a52-30a5-4b6e-9d43-2f8f3f5f7c11")


class PizzaPlaceWorld:
    """The files' orders as SmartPizza's; no customers, erasures or inventory.

    Raises OSError or KeyError when the folder has not all four files in their known form.
    """

    def __init__(self, folder: Path) -> None:
        self.start = _NOW
        types = _rows(folder / "pizza_types.csv")
        pizzas = {row["pizza_id"]: row for row in _rows(folder / "pizzas.csv")}
        lines: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for row in _rows(folder / "order_details.csv"):
            lines[int(row["order_id"])].append((row["pizza_id"], int(row["quantity"])))
        self._orders = []
        zone = ZoneInfo(_ZONE)
        for row in _rows(folder / "orders.csv"):
            local = dt.datetime.fromisoformat(f"{row['date']}T{row['time']}").replace(tzinfo=zone)
            placed = parse_instant(local.astimezone(dt.UTC).isoformat())
            self._orders.append((placed, int(row["order_id"]), row["date"], lines[int(row["order_id"])]))
        self._orders.sort()
        self._placed = np.array([order[0] for order in self._orders], np.int64)
        self._ids = {self._order_id(row): row for row in range(len(self._orders))}
        self._pizzas = {
            key: (row["pizza_type_id"], row["size"], int(Decimal(row["price"]) * 100))
            for key, row in pizzas.items()
        }
        self._recipes = [
            _recipe(row, pizzas.values()) for row in sorted(types, key=lambda row: row["pizza_type_id"])
        ]

    def orders(self, moment: Moment, region: str | None, _deleted: bool) -> Listing:
        """All orders, by time; none are ever deleted."""
        count = self._known(moment) if region in (None, "na") else 0
        return Listing(self._placed[:count], np.arange(count), key=self._order_id, render=self._render)

    def order(self, order_id: str, moment: Moment) -> Record | None:
        """One order."""
        row = self._ids.get(order_id)
        return None if row is None or row >= self._known(moment) else self._record(row)

    def summary(self, day: int | None, branch_id: int | None, moment: Moment) -> Listing:
        """The one branch's rows, for a day or for the last 14, where it sold anything."""
        _only_branch(1 if branch_id is None else branch_id)
        if day is None:
            today = (dt.datetime.fromtimestamp(moment.now / 1000, ZoneInfo(_ZONE)).date() - START_DATE).days
            days = range(today - RECENT_DAYS + 1, today + 1)
        else:
            days = range(day, day + 1)
        by_date: dict[str, list[int]] = {(START_DATE + dt.timedelta(days=n)).isoformat(): [] for n in days}
        for row in range(self._known(moment)):
            by_date.get(self._orders[row][2], []).append(row)
        records = [
            {
                "branch_id": 1,
                "business_date": date,
                "order_count": len(found),
                "gross_total": cents(sum(self._total(row) for row in found)),
                "max_updated_at": format_instant(int(self._placed[found].max())),
            }
            for date, found in by_date.items()
            if found
        ]
        return _fixed(records, [str(record["business_date"]) for record in records])

    def recipes(self, _moment: Moment) -> Listing:
        """The 32 pizza types."""
        return _fixed(self._recipes, [record["recipe_id"] for record in self._recipes], _OPENED)

    def branches(self, _moment: Moment) -> Listing:
        """The one branch."""
        record = {
            "branch_id": 1,
            "name": "Pizza Place",
            "region": "na",
            "country": "US",
            "city": "New York",
            "timezone": _ZONE,
            "currency": "USD",
            "opened_on": "2015-01-01",
            "closed_on": None,
        }
        return _fixed([record], ["1"])

    def customers(self, _moment: Moment) -> Listing:
        """None."""
        return _fixed([], [])

    def erasures(self, _moment: Moment) -> Listing:
        """None."""
        return _fixed([], [])

    def inventory_levels(self, _moment: Moment) -> Listing:
        """None."""
        return _fixed([], [])

    def branch_inventory(self, branch_id: int, _as_of: int, _moment: Moment) -> Listing:
        """None."""
        _only_branch(branch_id)
        return _fixed([], [])

    def _known(self, moment: Moment) -> int:
        return bisect_right(self._placed, moment.now)

    def _order_id(self, row: int) -> str:
        return str(uuid.UUID(bytes=uuid.uuid5(_ID_SPACE, str(self._orders[row][1])).bytes, version=4))

    def _total(self, row: int) -> int:
        return sum(self._pizzas[pizza][2] * quantity for pizza, quantity in self._orders[row][3])

    def _render(self, rows: Ints, _updated: Instants) -> list[Record]:
        return [self._record(row) for row in rows.tolist()]

    def _record(self, row: int) -> Record:
        placed, number, date, lines = self._orders[row]
        order_id, at, total = self._order_id(row), format_instant(placed), cents(self._total(row))
        items = []
        for line_id, (pizza, quantity) in enumerate(lines, 1):
            recipe, size, price = self._pizzas[pizza]
            items.append(
                {
                    "line_id": line_id,
                    "kind": "pizza",
                    "sku": pizza,
                    "recipe_id": recipe,
                    "recipe_version": 1,
                    "size": size,
                    "quantity": quantity,
                    "unit_price": cents(price),
                    "discount": "0.00",
                    "tax": "0.00",
                    "modifiers": [],
                }
            )
        payment = {
            "payment_id": f"pay_{number:016d}",
            "method": "cash",
            "amount": total,
            "status": "captured",
            "captured_at": at,
            "refunds": [],
            "chargebacks": [],
        }
        return {
            "order_id": order_id,
            "order_number": f"B00001-{number:06d}",
            "idempotency_key": f"idk_{number:016d}",
            "branch_id": 1,
            "customer_id": None,
            "channel": "counter",
            "fulfilment": "collection",
            "status": "collected",
            "status_history": [{"status": "placed", "at": at}, {"status": "collected", "at": at}],
            "business_date": date,
            "placed_at": at,
            "promised_at": at,
            "created_at": at,
            "updated_at": at,
            "version": 1,
            "currency": "USD",
            "subtotal": total,
            "discount_total": "0.00",
            "tax_total": "0.00",
            "delivery_fee": "0.00",
            "tip": "0.00",
            "total": total,
            "items": items,
            "payments": [payment],
            "delivery_address": None,
            "promotions": [],
        }


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _only_branch(branch_id: int) -> None:
    if branch_id != 1:
        raise KeyError(branch_id)


def _fixed(records: list[Record], keys: list[str], updated: int = 0) -> Listing:
    return Listing(
        np.full(len(records), updated, np.int64),
        np.arange(len(records)),
        key=lambda row: keys[row],
        render=lambda rows, _updated: [records[row] for row in rows.tolist()],
    )


def _recipe(row: dict[str, str], pizzas: Iterable[dict[str, str]]) -> Record:
    names = [name.strip() for name in row["ingredients"].split(",")]
    sizes = [pizza["size"] for pizza in pizzas if pizza["pizza_type_id"] == row["pizza_type_id"]]
    return {
        "recipe_id": row["pizza_type_id"],
        "name": row["name"],
        "category": row["category"].lower(),
        "kind": "pizza",
        "version": 1,
        "valid_from": format_instant(_OPENED),
        "valid_to": None,
        "updated_at": format_instant(_OPENED),
        "sizes": [
            {
                "size": size,
                "components": [
                    {
                        "type": "ingredient",
                        "ingredient_id": _slug(name),
                        "name": name,
                        "quantity": kilograms(_GRAMS[size]),
                        "unit": "kg",
                    }
                    for name in names
                ],
            }
            for size in sorted(sizes, key=list(_GRAMS).index)
        ],
    }


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")

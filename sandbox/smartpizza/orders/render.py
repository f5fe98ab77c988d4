"""Orders as the API writes them, in the shape of the day each was last updated."""

from typing import Any

import numpy as np

from sandbox.smartpizza.arrays import Instants, Ints
from sandbox.smartpizza.customers import Customers
from sandbox.smartpizza.drift import Drift, Shape
from sandbox.smartpizza.geography import CITIES
from sandbox.smartpizza.hashing import Hash
from sandbox.smartpizza.money import cents
from sandbox.smartpizza.orders.content import PROMOTIONS, Content, Contents
from sandbox.smartpizza.orders.ids import OrderIds
from sandbox.smartpizza.orders.lines import LineWriter
from sandbox.smartpizza.orders.payments import payment_record
from sandbox.smartpizza.orders.schedule import (
    CHANNELS,
    DELETED,
    REFUNDED,
    Schedule,
    Scheduler,
)
from sandbox.smartpizza.paging import Record
from sandbox.smartpizza.people import FIRST_NAMES, LAST_NAMES, STREETS
from sandbox.smartpizza.recipes import Recipes
from sandbox.smartpizza.times import DAY, MINUTE, START, business_date, format_instants

# By event, up to CANCELLED; the empty one is the handover, whose word depends on the fulfilment.
_STATUSES = ("scheduled", "placed", "confirmed", "in_oven", "ready", "out_for_delivery", "", "cancelled")


class OrderWriter:
    """Renders orders of one simulation."""

    def __init__(
        self,
        draws: Hash,
        *,
        scheduler: Scheduler,
        contents: Contents,
        customers: Customers,
        recipes: Recipes,
        ids: OrderIds,
        drift: Drift,
    ) -> None:
        self._draws = draws
        self._scheduler = scheduler
        self._contents = contents
        self._customers = customers
        self._ids = ids
        self._drift = drift
        self._lines = LineWriter(draws, recipes)

    def render(self, rows: Ints, updated: Instants, now: int) -> list[Record]:
        """The version that each row got at `updated`. Addresses of people erased by now are null."""
        schedule = self._scheduler.schedule(rows)
        columns = self._columns(schedule, self._contents.content(schedule), updated, now)
        lines = columns.pop("_lines")
        return [
            self._record(dict(zip(columns, values, strict=True)), lines, at)
            for at, values in enumerate(zip(*columns.values(), strict=True))
        ]

    def _columns(self, schedule: Schedule, content: Content, updated: Instants, now: int) -> dict[str, Any]:
        """Everything a record needs, drawn for the whole page at once; lists, one value an order."""
        draws, rows, source = self._draws, schedule.rows, schedule.source
        happened = schedule.seen <= updated[:, np.newaxis]
        customer = self._contents.customer(schedule)
        known = np.maximum(customer, 0)
        erased = (customer >= 0) & (self._customers.erased_at(known) <= now)
        first = draws.below("order:first", source, len(FIRST_NAMES)).tolist()
        last = draws.below("order:last", source, len(LAST_NAMES)).tolist()
        names = self._customers.names(known)
        promised = schedule.kitchen + draws.between("order:promise", source, 7, 10) * 5 * MINUTE
        return {
            "id": self._ids.texts(rows, schedule.placed),
            "number": (schedule.day * self._scheduler.per_day + rows % self._scheduler.per_day).tolist(),
            "key": draws.bits("order:key", source).tolist(),
            "branch": schedule.branch.tolist(),
            "city": self._scheduler.branches.city[schedule.branch].tolist(),
            "customer": [
                name if row >= 0 else None
                for name, row in zip(self._customers.ids(known), customer.tolist(), strict=True)
            ],
            "name": [
                known_name if row >= 0 else f"{FIRST_NAMES[a]} {LAST_NAMES[b]}"
                for known_name, row, a, b in zip(names, customer.tolist(), first, last, strict=True)
            ],
            "street": draws.below("order:street", source, len(STREETS)).tolist(),
            "house": draws.between("order:house", source, 1, 200).tolist(),
            "address": (schedule.delivery & ~erased).tolist(),
            "delivery": schedule.delivery.tolist(),
            "channel": schedule.channel.tolist(),
            "day": schedule.day.tolist(),
            "updated_day": ((updated - START) // DAY).tolist(),
            "happened": happened.tolist(),
            "version": happened.sum(axis=1).tolist(),
            "at": format_instants(schedule.events),
            "placed": format_instants(schedule.placed),
            "promised": format_instants(promised),
            "created": format_instants(schedule.placed + schedule.lag // 2),
            "updated": format_instants(updated),
            "captured": format_instants(
                schedule.placed + schedule.lag + draws.between("pay:at", source, 900, 4000)
            ),
            "payment": draws.bits("pay:id", rows).tolist(),
            "method": draws.unit("pay:method", source).tolist(),
            "full_refund": schedule.full_refund.tolist(),
            "refund_percent": draws.between("pay:part", rows, 15, 75).tolist(),
            "reason": draws.below("pay:reason", rows, 4).tolist(),
            "subtotal": content.subtotal.tolist(),
            "discounts": content.discount.sum(axis=1).tolist(),
            "taxes": content.tax.sum(axis=1).tolist(),
            "fee": content.delivery_fee.tolist(),
            "tip": content.tip.tolist(),
            "total": content.total.tolist(),
            "promotion": content.promotion.tolist(),
            "_lines": self._lines.draw(schedule, content),
        }

    def _record(self, order: dict[str, Any], lines: Any, at: int) -> Record:
        happened, when = order["happened"], order["at"]
        if happened[DELETED]:
            return {
                "order_id": order["id"],
                "deleted": True,
                "deleted_at": when[DELETED],
                "updated_at": order["updated"],
                "version": order["version"],
            }
        shape: Shape = self._drift.shape(order["updated_day"])
        city = CITIES[order["city"]]
        currency = city.currency

        def money(amount: int) -> str | dict[str, str]:
            return {"amount": cents(amount), "currency": currency} if shape.money_objects else cents(amount)

        history = _history(order)
        record: Record = {
            "order_id": order["id"],
            "order_number": f"B{order['branch'] + 1:05d}-{order['number']:06d}",
        }
        record["idempotency_key"] = f"idk_{order['key']:016x}"
        if shape.branch_id:
            record["branch_id"] = order["branch"] + 1
        if shape.store_id:
            record["store_id"] = order["branch"] + 1
        record |= {
            "customer_id": order["customer"],
            "channel": CHANNELS[order["channel"]],
            "fulfilment": "delivery" if order["delivery"] else "collection",
            "status": _status(order, history),
            "status_history": history,
            "business_date": business_date(order["day"]),
            "placed_at": order["placed"],
            "promised_at": order["promised"],
            "created_at": order["created"],
            "updated_at": order["updated"],
            "version": order["version"],
            "currency": currency,
            "subtotal": money(order["subtotal"]),
            "discount_total": money(order["discounts"]),
            "tax_total": money(order["taxes"]),
            "delivery_fee": money(order["fee"]),
            "tip": money(order["tip"]),
            "total": money(order["total"]),
            "items": lines.write(at, shape, money),
            "payments": [payment_record(order, money)],
            "delivery_address": _address(order, city.name),
            "promotions": _promotions(order, shape),
        }
        if shape.loyalty_points:
            record["loyalty_points"] = order["total"] // 100 if order["customer"] else None
        return record


def _history(order: dict[str, Any]) -> list[Record]:
    happened, when = order["happened"], order["at"]
    done = "delivered" if order["delivery"] else "collected"
    history = [
        {"status": status or done, "at": at}
        for status, at, true in zip(_STATUSES, when, happened, strict=False)
        if true
    ]
    if happened[REFUNDED]:
        history.append({"status": _refund_status(order), "at": when[REFUNDED]})
    return history


def _status(order: dict[str, Any], history: list[Record]) -> str:
    return _refund_status(order) if order["happened"][REFUNDED] else history[-1]["status"]


def _refund_status(order: dict[str, Any]) -> str:
    return "refunded" if order["full_refund"] else "partially_refunded"


def _address(order: dict[str, Any], city: str) -> Record | None:
    if not order["address"]:
        return None
    return {
        "name": order["name"],
        "street": f"{order['house']} {STREETS[order['street']]}",
        "postcode": f"{order['house'] * 89 + order['street']:05d}",
        "city": city,
    }


def _promotions(order: dict[str, Any], shape: Shape) -> list[Record] | None:
    if order["promotion"]:
        return [{"code": PROMOTIONS[order["promotion"]], "amount": cents(order["discounts"])}]
    return None if shape.null_arrays else []

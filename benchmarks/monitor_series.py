"""Sixty days of a made-up company's orders with weekly seasons, and the same days with one defect planted in them.

All is drawn from the seed. A record is the JSON that the API would send; a load is what an hourly run would have
brought, records by the hour in which they last changed. A defect replaces the loads of the days it falls on.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Record = dict[str, Any]

FIRST = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)  # a Monday
# Sales of a weekday, and what people spend on it.
WEEK = (0.85, 0.85, 0.9, 1.0, 1.3, 1.5, 1.2)
BASKET = (1.0, 1.0, 1.0, 1.0, 1.03, 1.06, 1.06)
HOURS = np.array([2, 1, 1, 1, 1, 1, 2, 2, 3, 3, 4, 7, 9, 6, 4, 4, 5, 8, 11, 10, 8, 5, 4, 3], float)
STATUSES = ("collected", "delivered", "cancelled", "partially_refunded")
CHANNELS = ("app", "web", "phone", "counter")


@dataclass(frozen=True, slots=True)
class Load:
    """What one run brought. `day` and `hour` say whose changes; `committed_at` when."""

    day: int
    hour: int
    committed_at: dt.datetime
    records: list[Record]


class Series:
    """`days` of `branches` from `seed`; `orders` is the mean number of a branch and day."""

    def __init__(
        self, seed: int, *, branches: int = 30, days: int = 60, orders: tuple[int, int] = (70, 150)
    ) -> None:
        self.seed, self.branches, self.days = seed, branches, days
        draw = np.random.default_rng((seed, 1))
        self._means = draw.uniform(*orders, branches)
        # A day is good or bad for all of them.
        self._weather = draw.lognormal(0, 0.03, days)
        self._late = draw.uniform(20, 300, (days, 24))

    def loads(
        self, day: int, change: Callable[[list[Record]], list[Record]] = lambda records: records
    ) -> list[Load]:
        """The hourly loads of a day, after `change` was made to its records."""
        by_hour: dict[int, list[Record]] = {}
        for record in change(list(self._day(day))):
            by_hour.setdefault(int(record["updated_at"][11:13]), []).append(record)
        return [
            Load(day, hour, self.committed_at(day, hour), records)
            for hour, records in sorted(by_hour.items())
        ]

    def committed_at(self, day: int, hour: int) -> dt.datetime:
        return FIRST + dt.timedelta(days=day, hours=hour + 1, seconds=float(self._late[day, hour]))

    def _day(self, day: int) -> Iterator[Record]:
        """New orders of the day, and refunds of some that were placed up to 20 days before."""
        draw = np.random.default_rng((self.seed, 2, day))
        counts = draw.poisson(self._means * WEEK[day % 7] * self._weather[day])
        number = int(counts.sum())
        branches = np.repeat(np.arange(1, self.branches + 1), counts)
        hours = draw.choice(24, number, p=HOURS / HOURS.sum())
        seconds = draw.integers(0, 3600, number)
        totals = draw.lognormal(3.0, 0.35, number) * BASKET[day % 7]
        late = draw.random(number) < 0.01
        draws = draw.random((number, 6))
        start = FIRST + dt.timedelta(days=day)
        for index in range(number):
            changed = start + dt.timedelta(hours=int(hours[index]), seconds=int(seconds[index]))
            yield _record(
                day,
                index,
                branch=int(branches[index]),
                changed=changed,
                total=float(totals[index]),
                late=bool(late[index]),
                drawn=draws[index],
            )


def _record(
    day: int, index: int, *, branch: int, changed: dt.datetime, total: float, late: bool, drawn: Any
) -> Record:
    # One in twelve is a refund: the second state of an order that came before.
    refund = drawn[0] < 0.08 and day > 0
    placed = (
        changed - dt.timedelta(days=1 + int(drawn[1] * 19))
        if refund
        else changed - dt.timedelta(seconds=1200)
    )
    sent = placed + dt.timedelta(hours=12) if late else placed
    amount = f"{total:.2f}"
    status = STATUSES[3] if refund else STATUSES[2] if drawn[2] < 0.04 else STATUSES[int(drawn[2] < 0.5)]
    return {
        "order_id": f"ord_{day:03d}_{index:06d}",
        "version": 2 if refund else 1,
        "branch_id": branch,
        "customer_id": None if drawn[3] < 0.15 else f"cus_{int(drawn[3] * 1e9)}",
        "idempotency_key": f"idk_{day:03d}_{index:06d}",
        "order_number": None if drawn[4] < 0.02 else f"B{branch:05d}-{index:06d}",
        "channel": CHANNELS[int(drawn[5] * 4)],
        "fulfilment": "delivery" if status == "delivered" else "collection",
        "status": status,
        "currency": "EUR",
        "subtotal": amount,
        "discount_total": "0.00",
        "tax_total": "0.00",
        "delivery_fee": "0.00",
        "tip": "0.00",
        "total": amount,
        "loyalty_points": None if 0.5 < drawn[4] < 0.52 else int(total),
        "business_date": placed.date().isoformat(),
        "placed_at": text(placed),
        "promised_at": None if 0.7 < drawn[4] < 0.72 else text(placed + dt.timedelta(minutes=45)),
        "created_at": text(sent),
        "updated_at": text(max(changed, sent) if not late else changed),
        "items": [],
        "payments": [],
        "status_history": [],
    }


def text(at: dt.datetime) -> str:
    """The instant as the API would write it."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"


def encoded(record: Record) -> str:
    """The record as the API would send it."""
    return json.dumps(record, separators=(",", ":"))

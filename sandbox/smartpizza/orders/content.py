"""What each order contains and costs, as arrays; money in hundredths of the branch's currency."""

from dataclasses import dataclass

import numpy as np

from sandbox.smartpizza.arrays import Ints
from sandbox.smartpizza.config import Config
from sandbox.smartpizza.customers import Customers
from sandbox.smartpizza.drift import Drift
from sandbox.smartpizza.geography import CITIES
from sandbox.smartpizza.hashing import Hash
from sandbox.smartpizza.menu import DRINKS, PIZZAS, SIDES, SIZE_PRICE, SIZES
from sandbox.smartpizza.orders.schedule import Schedule

PIZZA_LINES = 3
SIDE, DRINK = 3, 4
LINES = 5

_LARGEST = np.array([SIZES.index(pizza.largest) for pizza in PIZZAS])
_POPULARITY = np.cumsum(1 / (np.arange(len(PIZZAS)) + 6.0))
_POPULARITY /= _POPULARITY[-1]
_PIZZA_PRICE = np.array([[pizza.price + more for more in SIZE_PRICE] for pizza in PIZZAS])
_SIDE_PRICE = np.array([side.price for side in SIDES])
_DRINK_PRICE = np.array([drink.price for drink in DRINKS])
_PRICES = np.array([city.prices for city in CITIES])
_TAX = np.array([city.tax for city in CITIES])

PROMOTIONS = ("", "SLICE10", "CRUST15", "FEAST20")
_PERCENT_OFF = np.array([0, 10, 15, 20])


@dataclass(frozen=True)
class Content:
    """Lines 0 to 2 are pizzas, 3 a side, 4 a drink; quantity 0 where a line is absent.

    `article` is the row in the menu's list of its kind, `second` the other half's pizza (or -1). Discounts
    and taxes are per line.
    """

    article: Ints
    second: Ints
    size: Ints
    quantity: Ints
    unit_price: Ints
    discount: Ints
    tax: Ints
    promotion: Ints
    delivery_fee: Ints
    tip: Ints
    subtotal: Ints
    total: Ints


class Contents:
    """Contents for one simulation."""

    def __init__(self, config: Config, draws: Hash, drift: Drift, customers: Customers, cities: Ints) -> None:
        self._draws = draws
        self._rates = config.rates
        self._drift = drift
        self._customers = customers
        self._cities = cities

    def content(self, schedule: Schedule) -> Content:
        """Lines and amounts of the scheduled orders."""
        draws, source = self._draws, schedule.source
        article, second, size, quantity = self._lines(schedule)
        city = self._cities[schedule.branch]
        price = np.empty_like(article)
        pizzas = _PIZZA_PRICE[article[:, :PIZZA_LINES], size]
        other = _PIZZA_PRICE[second, size]
        price[:, :PIZZA_LINES] = np.where(second >= 0, np.maximum(pizzas, other), pizzas)
        price[:, SIDE] = _SIDE_PRICE[article[:, SIDE]]
        price[:, DRINK] = _DRINK_PRICE[article[:, DRINK]]
        price = price * _PRICES[city][:, np.newaxis] // 500 * 5

        promotion = np.where(
            draws.chance("order:promoted", source, 0.12), draws.between("order:promotion", source, 1, 4), 0
        )
        amount = price * quantity
        discount = amount * _PERCENT_OFF[promotion][:, np.newaxis] // 100
        tax = ((amount - discount) * _TAX[city][:, np.newaxis] + 5_000) // 10_000
        fee = draws.between("order:fee", source, 49, 90) * 5 * _PRICES[city] // 500 * 5
        fee = np.where(schedule.delivery, fee, 0)
        tipped = schedule.delivery & draws.chance("order:tipped", source, 0.25)
        tip = np.where(tipped, draws.between("order:tip", source, 1, 9) * 50 * _PRICES[city] // 500 * 5, 0)
        subtotal = amount.sum(axis=1)
        total = subtotal - discount.sum(axis=1) + tax.sum(axis=1) + fee + tip
        return Content(
            article, second, size, quantity, price, discount, tax, promotion, fee, tip, subtotal, total
        )

    def customer(self, schedule: Schedule) -> Ints:
        """Row of the ordering customer; -1 for guests, and for people erased before they order again."""
        draws, source = self._draws, schedule.source
        rows = (draws.unit("order:customer", source) * self._customers.known_on(schedule.day)).astype(
            np.int64
        )
        guest = draws.chance("order:guest", source, 0.15)
        return np.where(guest | (self._customers.erased_at(rows) <= schedule.placed), -1, rows)

    def _lines(self, schedule: Schedule) -> tuple[Ints, Ints, Ints, Ints]:
        draws, source = self._draws, schedule.source
        count = len(source)
        article = np.zeros((count, LINES), np.int64)
        size = np.zeros((count, PIZZA_LINES), np.int64)
        second = np.full((count, PIZZA_LINES), -1)
        quantity = np.zeros((count, LINES), np.int64)
        pizzas = 1 + np.searchsorted([0.83, 0.97], draws.unit("order:pizzas", source), side="right")
        for line in range(PIZZA_LINES):
            article[:, line] = np.searchsorted(
                _POPULARITY[:-1], draws.unit(f"line:{line}:pizza", source), side="right"
            )
            drawn = np.searchsorted(
                [0.2, 0.55, 0.92, 0.98], draws.unit(f"line:{line}:size", source), side="right"
            )
            size[:, line] = np.minimum(drawn, _LARGEST[article[:, line]])
            pairs = draws.chance(f"line:{line}:pair", source, 0.04)
            quantity[:, line] = np.where(line < pizzas, 1 + pairs, 0)
        halves = draws.chance("line:halves", source, self._rates.half_and_half)
        halves &= schedule.placed >= self._drift.halves_from
        step = draws.between("line:second", source, 1, len(PIZZAS))
        second[:, 0] = np.where(halves, (article[:, 0] + step) % len(PIZZAS), -1)
        # Every pizza comes in S, M and L; only some are baked larger, and never by halves.
        size[:, 0] = np.where(halves, np.minimum(size[:, 0], 2), size[:, 0])
        article[:, SIDE] = draws.below("line:side", source, len(SIDES))
        quantity[:, SIDE] = draws.chance("line:has_side", source, 0.22)
        article[:, DRINK] = draws.below("line:drink", source, len(DRINKS))
        drinks = draws.between("line:drinks", source, 1, 4)
        quantity[:, DRINK] = np.where(draws.chance("line:has_drink", source, 0.3), drinks, 0)
        return article, second, size, quantity

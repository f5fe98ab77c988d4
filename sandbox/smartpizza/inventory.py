"""Inventory: a count of every ingredient by branch and business day, and corrections days later."""

from collections import OrderedDict

import numpy as np

from sandbox.smartpizza.arrays import Flags, Instants, Ints
from sandbox.smartpizza.branches import CLOSING, Branches
from sandbox.smartpizza.config import Config
from sandbox.smartpizza.hashing import Hash
from sandbox.smartpizza.menu import INGREDIENTS, PIZZAS, SIZES
from sandbox.smartpizza.moment import Moment
from sandbox.smartpizza.money import kilograms
from sandbox.smartpizza.orders.content import PIZZA_LINES, Contents
from sandbox.smartpizza.orders.schedule import Scheduler
from sandbox.smartpizza.paging import Listing, Record, sort_listing
from sandbox.smartpizza.recipes import Recipes
from sandbox.smartpizza.times import DAY, MINUTE, NEVER, START, business_date, format_instants

_COUNT = len(INGREDIENTS)
# Days of use kept in memory, one array of 65 numbers each.
_REMEMBERED = 20_000


class Inventory:
    """Stock of one simulation. Row = (day x branches + branch) x 65 + ingredient.

    The books balance in truth: stock = yesterday's + received - wasted - used, where what is used is what
    the day's orders take by recipe, plus up to 3 % that nobody wrote down. A count that will be corrected
    is wrong at first.
    """

    def __init__(
        self,
        config: Config,
        draws: Hash,
        *,
        branches: Branches,
        scheduler: Scheduler,
        contents: Contents,
        recipes: Recipes,
    ) -> None:
        self._draws = draws
        self._rates = config.rates
        self._branches = branches
        self._scheduler = scheduler
        self._contents = contents
        self._recipes = recipes
        self._used: OrderedDict[int, Ints] = OrderedDict()
        self._usual = self._recipes.ingredient_grams(0).mean(axis=0) * config.orders_per_day * 1.25

    def listing(self, moment: Moment) -> Listing:
        """The newest version of every count up to the moment, by (updated_at, branch, ingredient, date)."""
        parts = []
        for day in range((moment.now - START) // DAY + 2):
            rows = day * self._branches.count * _COUNT + np.arange(self._branches.count * _COUNT)
            updated, _ = self._state(rows, self._seen_at(rows, moment))
            parts.append((updated[updated >= 0], rows[updated >= 0]))
        all_updated, all_rows = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        dates, places = np.divmod(all_rows, self._branches.count * _COUNT)
        sorted_updated, sorted_rows = sort_listing(all_updated, all_rows, places * 100_000 + dates)
        return Listing(sorted_updated, sorted_rows, key=self._key, render=self._render)

    def branch_listing(self, branch: int, as_of: int, moment: Moment) -> Listing:
        """The branch's last counts taken up to `as_of`, as known at the moment, by ingredient."""
        found = np.zeros(0, np.int64)
        seen = np.zeros(0, np.int64)
        for day in range((min(as_of, moment.now) - START) // DAY + 1, -1, -1):
            rows = (day * self._branches.count + branch) * _COUNT + np.arange(_COUNT)
            updated, _ = self._state(rows, self._seen_at(rows, moment))
            if (updated >= 0).all() and int(self._taken(rows)[0]) <= as_of:
                found, seen = rows, updated
                break
        known = dict(zip(found.tolist(), seen.tolist(), strict=True))

        def render(wanted: Ints, _updated: Instants) -> list[Record]:
            return self._render(wanted, np.array([known[row] for row in wanted.tolist()]))

        return Listing(np.zeros(len(found), np.int64), found, key=self._key, render=render)

    def _key(self, row: int) -> str:
        day, place = divmod(row, self._branches.count * _COUNT)
        return f"{place:012d} {day:06d}"

    def _taken(self, rows: Ints) -> Instants:
        day, branch = np.divmod(rows // _COUNT, self._branches.count)
        return self._branches.to_utc(branch, day, np.full(len(rows), CLOSING))

    def _seen_at(self, rows: Ints, moment: Moment) -> Instants:
        if not moment.late_commits:
            return np.full(len(rows), moment.now)
        delayed = self._draws.chance("stock:late_commit", rows, self._rates.late_commit)
        return moment.now - np.where(delayed, self._draws.below("stock:commit_delay", rows, 5 * MINUTE), 0)

    def _state(self, rows: Ints, now: Instants) -> tuple[Instants, Flags]:
        """updated_at of each row as seen at its own now (-1: not counted yet), and whether corrected."""
        day, branch = np.divmod(rows // _COUNT, self._branches.count)
        counted = self._taken(rows) + self._draws.between("stock:entered", rows, 5 * MINUTE, 30 * MINUTE)
        counted = np.where(self._branches.trading(branch, day), counted, NEVER)
        later = counted + DAY + self._draws.below("stock:corrected_at", rows, 2 * 24 * 60) * MINUTE
        corrected = self._will_be_corrected(rows) & (later <= now)
        updated = np.where(corrected, later, counted)
        return np.where(counted <= now, updated, -1), corrected

    def _will_be_corrected(self, rows: Ints) -> Flags:
        return self._draws.chance("stock:corrected", rows, self._rates.inventory_correction)

    def _stock(self, rows: Ints) -> Ints:
        """True grams on hand at closing time: one and a half to three and a half days of usual use."""
        days = 1.5 + 2 * self._draws.unit("stock:level", rows)
        grams: Ints = (self._usual[rows % _COUNT] * days).astype(np.int64)
        return grams

    def _grams_used(self, rows: Ints) -> Ints:
        """Grams taken by the orders of each row's branch and day; cancelled, void, doubled ones take none."""
        used = np.empty(len(rows), np.int64)
        place = rows // _COUNT
        for one in np.unique(place).tolist():
            here = place == one
            used[here] = self._day_use(one)[rows[here] % _COUNT]
        return used

    def _day_use(self, place: int) -> Ints:
        found = self._used.get(place)
        if found is None:
            per_day = self._scheduler.per_day
            schedule = self._scheduler.schedule(place * per_day + np.arange(per_day))
            content = self._contents.content(schedule)
            made = ~(
                self._scheduler.ever_cancelled(schedule.source)
                | self._scheduler.ever_deleted(schedule.rows)
                | self._scheduler.resubmitted(schedule.rows)
            )
            pizzas = content.article[:, :PIZZA_LINES]
            count = content.quantity[:, :PIZZA_LINES] * made[:, np.newaxis]
            halved = content.second >= 0
            baked = np.bincount(
                np.concatenate([(pizzas * len(SIZES) + content.size).ravel(),
                                (np.maximum(content.second, 0) * len(SIZES) + content.size).ravel()]),
                weights=np.concatenate([np.where(halved, count / 2, count).ravel(),
                                        np.where(halved, count / 2, 0).ravel()]),
                minlength=len(PIZZAS) * len(SIZES),
            )  # fmt: skip
            found = (baked @ self._recipes.ingredient_grams(place // self._branches.count)).astype(np.int64)
            self._used[place] = found
            if len(self._used) > _REMEMBERED:
                self._used.popitem(last=False)
        return found

    def _render(self, rows: Ints, updated: Instants) -> list[Record]:
        day, branch = np.divmod(rows // _COUNT, self._branches.count)
        _, corrected = self._state(rows, updated)
        stock = self._stock(rows)
        used = self._grams_used(rows)
        used += (used * self._draws.unit("stock:shrink", rows) * 0.03).astype(np.int64)
        wasted = (used * self._draws.unit("stock:wasted", rows) * 0.04).astype(np.int64)
        before = np.where(
            day > self._branches.opens[branch], self._stock(rows - self._branches.count * _COUNT), 0
        )
        received = stock - before + wasted + used
        # Too much on the shelf is thrown away rather than sent back.
        wasted += np.maximum(-received, 0)
        received = np.maximum(received, 0)
        wrong = self._will_be_corrected(rows) & ~corrected
        percent = self._draws.between("stock:mistake", rows, 80, 98)
        shown = np.where(wrong, stock * percent // 100, stock)
        taken, changed = format_instants(self._taken(rows)), format_instants(updated)
        arrays = (rows, day, branch, shown, received, wasted, corrected)
        columns = zip(*(array.tolist() for array in arrays), taken, changed, strict=True)
        return [
            {
                "branch_id": at + 1,
                "ingredient_id": INGREDIENTS[row % _COUNT],
                "business_date": business_date(date),
                "as_of": closing,
                "on_hand": kilograms(on_hand),
                "received": kilograms(came),
                "wasted": kilograms(thrown),
                "unit": "kg",
                "reason": "correction" if again else "count",
                "updated_at": last,
                "version": 2 if again else 1,
            }
            for row, date, at, on_hand, came, thrown, again, closing, last in columns
        ]

"""What the API serves, whatever stands behind it: generated days, or the Pizza Place files."""

from typing import Protocol

import numpy as np

from sandbox.smartpizza.branches import Branches
from sandbox.smartpizza.config import Config
from sandbox.smartpizza.customers import Customers
from sandbox.smartpizza.drift import Drift
from sandbox.smartpizza.hashing import Hash
from sandbox.smartpizza.inventory import Inventory
from sandbox.smartpizza.latest import Latest
from sandbox.smartpizza.moment import Moment
from sandbox.smartpizza.orders.book import OrderBook
from sandbox.smartpizza.orders.content import Contents
from sandbox.smartpizza.orders.ids import OrderIds
from sandbox.smartpizza.orders.render import OrderWriter
from sandbox.smartpizza.orders.schedule import Scheduler
from sandbox.smartpizza.paging import Listing, Record
from sandbox.smartpizza.recipes import Recipes
from sandbox.smartpizza.times import DAY, START


class World(Protocol):
    """Listings as of a moment. Those of one branch raise KeyError when there never was such a branch."""

    start: int

    def orders(self, moment: Moment, region: str | None, include_deleted: bool) -> Listing: ...

    def order(self, order_id: str, moment: Moment) -> Record | None: ...

    def summary(self, day: int | None, branch_id: int | None, moment: Moment) -> Listing: ...

    def recipes(self, moment: Moment) -> Listing: ...

    def customers(self, moment: Moment) -> Listing: ...

    def erasures(self, moment: Moment) -> Listing: ...

    def branches(self, moment: Moment) -> Listing: ...

    def inventory_levels(self, moment: Moment) -> Listing: ...

    def branch_inventory(self, branch_id: int, as_of: int, moment: Moment) -> Listing: ...


class GeneratedWorld:
    """SmartPizza as generated from a seed. `start`, the first `now`, comes after the days of history."""

    def __init__(self, config: Config) -> None:
        draws = Hash(config.seed)
        drift = Drift(config.drift)
        self.start = START + config.days * DAY
        self._branches = Branches(config, draws)
        self._recipes = Recipes(draws)
        self._customers = Customers(config, draws, self._branches)
        scheduler = Scheduler(config, draws, self._branches, drift)
        contents = Contents(config, draws, drift, self._customers, self._branches.city)
        ids = OrderIds(draws, drift.uuid_v7_from)
        writer = OrderWriter(
            draws,
            scheduler=scheduler,
            contents=contents,
            customers=self._customers,
            recipes=self._recipes,
            ids=ids,
            drift=drift,
        )
        self._orders = OrderBook(scheduler, contents, ids, writer)
        self._inventory = Inventory(
            config,
            draws,
            branches=self._branches,
            scheduler=scheduler,
            contents=contents,
            recipes=self._recipes,
        )
        self._customer_listing: Latest[Listing] = Latest()
        self._erasure_listing: Latest[Listing] = Latest()
        self._level_listing: Latest[Listing] = Latest()

    def orders(self, moment: Moment, region: str | None, include_deleted: bool) -> Listing:
        """Orders by (updated_at, order_id)."""
        return self._orders.listing(moment, region, include_deleted)

    def order(self, order_id: str, moment: Moment) -> Record | None:
        """One order or tombstone."""
        return self._orders.find(order_id, moment)

    def summary(self, day: int | None, branch_id: int | None, moment: Moment) -> Listing:
        """Order summary of one local day (0 is 2026-03-16) or of the last 14, of all branches or of one."""
        rows = (
            np.arange(self._branches.count) if branch_id is None else np.array([self._branch_row(branch_id)])
        )
        return self._orders.summary(day, rows, moment)

    def recipes(self, moment: Moment) -> Listing:
        """Recipe versions by (updated_at, recipe_id, version)."""
        return self._recipes.listing(moment.now)

    def customers(self, moment: Moment) -> Listing:
        """Customers by (updated_at, customer_id)."""
        return self._customer_listing.get(moment, lambda: self._customers.listing(moment))

    def erasures(self, moment: Moment) -> Listing:
        """Erasures by (erased_at, erasure_id)."""
        return self._erasure_listing.get(moment, lambda: self._customers.erasures(moment.now))

    def branches(self, moment: Moment) -> Listing:
        """Branches by branch_id."""
        return self._branches.listing(moment.now)

    def inventory_levels(self, moment: Moment) -> Listing:
        """Counts and corrections by (updated_at, branch, ingredient, date)."""
        return self._level_listing.get(moment, lambda: self._inventory.listing(moment))

    def branch_inventory(self, branch_id: int, as_of: int, moment: Moment) -> Listing:
        """The last count of one branch."""
        return self._inventory.branch_listing(self._branch_row(branch_id), as_of, moment)

    def _branch_row(self, branch_id: int) -> int:
        if not 1 <= branch_id <= self._branches.count:
            raise KeyError(branch_id)
        return branch_id - 1

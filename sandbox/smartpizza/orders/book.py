"""The order listings: all orders by change, one order by id, and the summary used for reconciliation."""

from collections.abc import Callable

import numpy as np

from sandbox.smartpizza.arrays import Flags, Instants, Ints, Rows
from sandbox.smartpizza.geography import REGIONS
from sandbox.smartpizza.latest import Latest
from sandbox.smartpizza.moment import Moment
from sandbox.smartpizza.money import cents
from sandbox.smartpizza.orders.content import Contents
from sandbox.smartpizza.orders.ids import OrderIds
from sandbox.smartpizza.orders.render import OrderWriter
from sandbox.smartpizza.orders.schedule import Scheduler
from sandbox.smartpizza.paging import Listing, Record, sort_listing
from sandbox.smartpizza.times import DAY, START, business_date, format_instant

# Rows whose schedules are worked out at once: bounds the memory, not the result.
_CHUNK = 32_768
# Days that the summary tells of unasked: longer than an order may come late or be deleted.
RECENT_DAYS = 14

Keep = Callable[[Ints, Instants], Flags]


class OrderBook:
    """All orders of one simulation."""

    def __init__(self, scheduler: Scheduler, contents: Contents, ids: OrderIds, writer: OrderWriter) -> None:
        self._scheduler = scheduler
        self._contents = contents
        self._ids = ids
        self._writer = writer
        self._index: Latest[tuple[Instants, Rows]] = Latest()

    def listing(self, moment: Moment, region: str | None, include_deleted: bool) -> Listing:
        """All orders known at the moment, by (updated_at, order_id)."""
        updated, rows = self._index.get(moment, lambda: self._sort(moment))
        return Listing(
            updated,
            rows,
            key=self._key,
            render=lambda wanted, changed: self._writer.render(wanted, changed, moment.now),
            keep=self._keep(region, include_deleted),
        )

    def find(self, order_id: str, moment: Moment) -> Record | None:
        """One order (or its tombstone); None for an id that nobody has, or not yet."""
        row = self._ids.row(order_id)
        if row is None or row >= self._rows(moment.now):
            return None
        rows = np.array([row])
        updated = self._scheduler.schedule(rows).updated(self._scheduler.seen_at(rows, moment))
        if updated[0] < 0:
            return None
        record = self._writer.render(rows, updated, moment.now)[0]
        return record if record["order_id"] == order_id else None

    def summary(self, day: int | None, branches: Ints, moment: Moment) -> Listing:
        """One row for each of the branches and local days that have orders, by day and branch_id.

        Of one day, or of the last 14 that have begun somewhere.
        """
        days = np.arange(self._days(moment.now))
        days = days[-RECENT_DAYS:] if day is None else days[days == day]
        rows = (days[:, np.newaxis] * self._scheduler.branches.count + branches).ravel()

        def render(wanted: Ints, _updated: Instants) -> list[Record]:
            at_once = max(1, _CHUNK // self._scheduler.per_day)
            parts = (wanted[start : start + at_once] for start in range(0, len(wanted), at_once))
            return [record for part in parts for record in self._summaries(part, moment)]

        return Listing(np.zeros(len(rows), np.int64), rows, key=lambda row: f"{row:012d}", render=render)

    def _summaries(self, branch_days: Ints, moment: Moment) -> list[Record]:
        """The rows of these days of branches (local day x branches + branch) that have an order."""
        orders = np.arange(self._scheduler.per_day)
        rows = (branch_days[:, np.newaxis] * self._scheduler.per_day + orders).ravel()
        schedule = self._scheduler.schedule(rows)
        updated = schedule.updated(self._scheduler.seen_at(rows, moment))
        counted = (updated >= 0) & ~self._deleted(schedule.seen, updated)
        totals = np.where(counted, self._contents.content(schedule).total, 0)
        shape = (len(branch_days), -1)
        day, branch = np.divmod(branch_days, self._scheduler.branches.count)
        columns = (
            branch.tolist(),
            day.tolist(),
            counted.reshape(shape).sum(axis=1).tolist(),
            totals.reshape(shape).sum(axis=1).tolist(),
            np.where(counted, updated, 0).reshape(shape).max(axis=1).tolist(),
        )
        return [
            {
                "branch_id": branch_row + 1,
                "business_date": business_date(day_number),
                "order_count": count,
                "gross_total": cents(total),
                "max_updated_at": format_instant(newest),
            }
            for branch_row, day_number, count, total, newest in zip(*columns, strict=True)
            if count
        ]

    @staticmethod
    def _deleted(seen: Instants, updated: Instants) -> Flags:
        return seen[:, -1] <= updated

    def _keep(self, region: str | None, include_deleted: bool) -> Keep | None:
        if region is None and include_deleted:
            return None

        def keep(rows: Ints, updated: Instants) -> Flags:
            wanted = np.ones(len(rows), bool)
            if region is not None:
                branch, _ = self._scheduler.split(rows)
                wanted &= self._scheduler.branches.region[branch] == REGIONS.index(region)
            if not include_deleted:
                dead = np.flatnonzero(wanted & self._scheduler.ever_deleted(rows))
                wanted[dead] = ~self._deleted(self._scheduler.schedule(rows[dead]).seen, updated[dead])
            return wanted

        return keep

    def _key(self, row: int) -> str:
        rows = np.array([row])
        return self._ids.texts(rows, self._scheduler.schedule(rows).placed)[0]

    def _days(self, now: int) -> int:
        """Local days that have begun somewhere: the easternmost branch is less than a day ahead of UTC."""
        return (now - START) // DAY + 2

    def _rows(self, now: int) -> int:
        return self._days(now) * self._scheduler.branches.count * self._scheduler.per_day

    def _sort(self, moment: Moment) -> tuple[Instants, Rows]:
        count = self._rows(moment.now)
        updated, high = np.empty(count, np.int64), np.empty(count, np.uint64)
        known_rows = np.empty(count, np.int32)
        filled = 0
        for start in range(0, count, _CHUNK):
            rows = np.arange(start, min(start + _CHUNK, count))
            schedule = self._scheduler.schedule(rows)
            changed = schedule.updated(self._scheduler.seen_at(rows, moment))
            known = changed >= 0
            part = slice(filled, filled := filled + int(known.sum()))
            updated[part], known_rows[part] = changed[known], rows[known]
            high[part] = self._ids.high(rows[known], schedule.placed[known])
        return sort_listing(updated[:filled], known_rows[:filled], high[:filled])

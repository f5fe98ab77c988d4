"""What happens to each order and when, as arrays: one column an event."""

from dataclasses import dataclass

import numpy as np

from sandbox.smartpizza.arrays import Flags, Instants, Ints
from sandbox.smartpizza.branches import Branches
from sandbox.smartpizza.config import Config
from sandbox.smartpizza.drift import Drift
from sandbox.smartpizza.hashing import Hash
from sandbox.smartpizza.moment import Moment
from sandbox.smartpizza.times import DAY, HOUR, MINUTE, NEVER, SECOND

(SCHEDULED, PLACED, CONFIRMED, IN_OVEN, READY, OUT, DONE, CANCELLED, REFUNDED, CHARGED_BACK, DELETED) = range(
    11
)
EVENTS = 11

# Share of a day's orders by local hour: two peaks, and a little after midnight of the same local date.
_HOURS = np.array([0, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22])
_SHARES = np.array([5, 62, 118, 112, 70, 58, 78, 104, 116, 104, 84, 58, 31]) / 1000
_CUMULATIVE = np.cumsum(_SHARES)
CHANNELS = ("app", "web", "phone", "counter")
_CHANNEL_CUMULATIVE = np.array([0.52, 0.74, 0.84])


@dataclass(frozen=True)
class Schedule:
    """The schedule of some rows.

    `source` is the row that an order's content comes from: its own, or the row before where this order is
    that one submitted again. `events` are the instants at which things happen, `seen` those at which the API
    knows of them (updated_at of the version each makes); NEVER for what does not happen.
    """

    rows: Ints
    source: Ints
    branch: Ints
    day: Ints
    placed: Instants
    kitchen: Instants
    channel: Ints
    delivery: Flags
    full_refund: Flags
    lag: Instants
    events: Instants
    seen: Instants

    def updated(self, now: Instants) -> Instants:
        """updated_at of each row as seen at its own now; -1 where the API does not know it yet."""
        newest: Instants = np.where(self.seen <= now[:, np.newaxis], self.seen, -1).max(axis=1)
        return newest


class Scheduler:
    """Schedules for one simulation.

    Row = (local day x branches + branch) x orders a day + number in the day.
    """

    def __init__(self, config: Config, draws: Hash, branches: Branches, drift: Drift) -> None:
        self.branches = branches
        self.per_day = config.orders_per_day
        self._draws = draws
        self._rates = config.rates
        self._drift = drift

    def split(self, rows: Ints) -> tuple[Ints, Ints]:
        """Branch row and local day of each order row."""
        day, branch = np.divmod(rows // self.per_day, self.branches.count)
        return branch, day

    def resubmitted(self, rows: Ints) -> Flags:
        """Whether this order is the one before it, submitted twice."""
        twice = self._draws.chance("order:twice", rows, 2 * self._rates.double_submission)
        # Only odd numbers of the day, so that no order is its copy's copy.
        again: Flags = twice & (rows % self.per_day % 2 == 1)
        return again

    def ever_cancelled(self, source: Ints) -> Flags:
        """Whether the order is cancelled before it reaches the oven."""
        return self._draws.chance("order:cancelled", source, self._rates.cancelled)

    def ever_deleted(self, rows: Ints) -> Flags:
        """Whether the order ends as a tombstone."""
        return self._draws.chance("order:deleted", rows, self._rates.tombstone)

    def seen_at(self, rows: Ints, moment: Moment) -> Instants:
        """The instant up to which each row's transactions have committed."""
        if not moment.late_commits:
            return np.full(len(rows), moment.now)
        delayed = self._draws.chance("order:late_commit", rows, self._rates.late_commit)
        return moment.now - np.where(
            delayed, self._draws.between("order:commit_delay", rows, 1, 5 * MINUTE), 0
        )

    def schedule(self, rows: Ints) -> Schedule:
        """All that ever happens to the rows. Orders of a branch that does not trade that day never happen."""
        draws, rates = self._draws, self._rates
        rows = rows.astype(np.int64)
        branch, day = self.split(rows)
        twin = self.resubmitted(rows)
        source = rows - twin

        hour = np.searchsorted(_CUMULATIVE[:-1], draws.unit("order:hour", source), side="right")
        wall = _HOURS[hour] * HOUR + draws.below("order:wall", source, HOUR - 20 * SECOND)
        placed = self.branches.to_utc(branch, day, wall)
        placed = placed + twin * draws.between("order:again", source, SECOND, 9 * SECOND)
        lag = draws.between("order:lag", source, 100, 1200)
        channel = np.searchsorted(_CHANNEL_CUMULATIVE, draws.unit("order:channel", source), side="right")
        delivery = (channel < 3) & draws.chance("order:delivery", source, 0.62)

        ahead = draws.chance("order:ahead", source, rates.pre_order) & (wall < 18 * HOUR)
        ahead &= placed >= self._drift.scheduled_from
        events = np.full((len(rows), EVENTS), NEVER, np.int64)
        events[ahead, SCHEDULED] = placed[ahead]
        kitchen = placed + ahead * draws.between("order:wait", source, HOUR, 4 * HOUR)
        events[:, PLACED] = kitchen
        self._cook(events, source, delivery)
        full_refund = self._settle(events, rows, channel)
        events[~self.branches.trading(branch, day)] = NEVER

        pushed = self._reconnects(branch, day, hour)
        arrives = np.where(pushed > 0, pushed + draws.below("order:pushed", source, 90 * SECOND), 0)
        seen = np.where(
            events < NEVER, np.maximum(events, arrives[:, np.newaxis]) + lag[:, np.newaxis], NEVER
        )
        return Schedule(
            rows, source, branch, day, placed, kitchen, channel, delivery, full_refund, lag, events, seen
        )

    def _cook(self, events: Instants, source: Ints, delivery: Flags) -> None:
        """From the kitchen's first sight of the order to the customer's hands."""
        step = self._draws.between
        events[:, CONFIRMED] = events[:, PLACED] + step("order:confirmed", source, 20 * SECOND, 90 * SECOND)
        events[:, IN_OVEN] = events[:, CONFIRMED] + step("order:oven", source, 2 * MINUTE, 8 * MINUTE)
        events[:, READY] = events[:, IN_OVEN] + step("order:ready", source, 7 * MINUTE, 11 * MINUTE)
        leaves = events[:, READY] + step("order:leaves", source, 1 * MINUTE, 6 * MINUTE)
        rides = step("order:rides", source, 8 * MINUTE, 26 * MINUTE)
        events[:, OUT] = np.where(delivery, leaves, NEVER)
        events[:, DONE] = np.where(delivery, leaves + rides, leaves + rides // 3)
        cancelled = self.ever_cancelled(source)
        events[cancelled, IN_OVEN : DONE + 1] = NEVER
        stopped = events[:, CONFIRMED] + step("order:stopped", source, 10 * SECOND, 110 * SECOND)
        events[:, CANCELLED] = np.where(cancelled, stopped, NEVER)

    def _settle(self, events: Instants, rows: Ints, channel: Ints) -> Flags:
        """Refunds within 14 days, chargebacks within 90, tombstones; returns which refunds are whole."""
        draws, rates = self._draws, self._rates
        done = events[:, DONE]
        # Squared: most complaints come soon.
        after = 10 * MINUTE + (draws.unit("order:refund_at", rows) ** 2 * (14 * DAY - HOUR)).astype(np.int64)
        refunded = draws.chance("order:refunded", rows, rates.refunded) & (done < NEVER)
        full_refund = draws.chance("order:full_refund", rows, 0.4)
        days_later = 5 * DAY + draws.below("order:charge_at", rows, 84 * 24 * 60) * MINUTE
        charged_back = (
            draws.chance("order:charged_back", rows, rates.charged_back) & (done < NEVER) & (channel < 2)
        )
        charged_back &= ~(refunded & full_refund)
        deleted = self.ever_deleted(rows)
        ends = np.where(done < NEVER, done, events[:, CANCELLED])
        events[:, REFUNDED] = np.where(refunded & ~deleted, done + after, NEVER)
        events[:, CHARGED_BACK] = np.where(charged_back & ~deleted, done + days_later, NEVER)
        voided = ends + draws.between("order:deleted_at", rows, 1, 2 * 24 * 60) * MINUTE
        events[:, DELETED] = np.where(deleted, voided, NEVER)
        return full_refund

    def _reconnects(self, branch: Ints, day: Ints, hour: Ints) -> Instants:
        """When a branch is back that was offline as the order was taken; 0 for all other orders.

        A branch is offline for one trading hour and pushes that hour's orders in bulk 1 to 36 hours late.
        """
        outage = day * self.branches.count + branch
        rate = self._rates.late / float((_SHARES**2).sum())
        offline = self._draws.chance("branch:offline", outage, rate)
        lost = np.searchsorted(_CUMULATIVE[:-1], self._draws.unit("branch:lost_hour", outage), side="right")
        ends = self.branches.to_utc(branch, day, _HOURS[lost] * HOUR) + HOUR
        pushed = ends + self._draws.between("branch:back", outage, HOUR, 34 * HOUR)
        return np.where(offline & (hour == lost), pushed, 0)

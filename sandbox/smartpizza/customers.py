"""Customers: sign-ups, profile changes, merges (which may chain) and erasures."""

import numpy as np
from numpy.typing import NDArray

from sandbox.smartpizza.arrays import Instants, Ints
from sandbox.smartpizza.branches import Branches
from sandbox.smartpizza.config import Config
from sandbox.smartpizza.geography import CITIES
from sandbox.smartpizza.hashing import Hash, Mix48
from sandbox.smartpizza.moment import Moment
from sandbox.smartpizza.paging import Listing, Record, sort_listing
from sandbox.smartpizza.people import FIRST_NAMES, LAST_NAMES, STREETS
from sandbox.smartpizza.times import DAY, HOUR, MINUTE, NEVER, START, format_instants

TIERS = ("none", "bronze", "silver", "gold")
_CHANGE_PERIOD = 50 * DAY
_CHANGED_IN_PERIOD = 0.35
# New customers sign up before 10:00 UTC, so that they exist when any branch's next local day begins.
_SIGN_UP_HOURS = 10


class Customers:
    """All customers of one simulation. The first ones were there before day 0, a few join every day.

    Three neighbours (rows 3n, 3n+1, 3n+2) may be one person: 3n is merged into 3n+1, and later perhaps
    3n+1 into 3n+2. Neither they nor anyone merged is ever erased.
    """

    def __init__(self, config: Config, draws: Hash, branches: Branches) -> None:
        self._draws = draws
        self._rates = config.rates
        self._branches = branches
        self._ids = Mix48(draws, "customer:id")
        self.founders = config.branches * config.orders_per_day * 2 // 3 * 3
        self.joining = max(1, self.founders // 500)

    def known_on(self, day: Ints) -> Ints:
        """How many rows exist when the local day begins anywhere."""
        return self.founders + self.joining * np.maximum(day, 0)

    def city(self, rows: Ints) -> Ints:
        """Row of the home city."""
        return self._branches.city[rows // 3 % self._branches.count]

    def ids(self, rows: Ints) -> list[str]:
        """The customer_id of each row; text order is numeric order."""
        return [f"cus_{number:012x}" for number in self._ids.forward(rows).tolist()]

    def signed_up(self, rows: Ints) -> Instants:
        """When each joined."""
        before = START - self._draws.between("customer:age", rows, 12, 26_000) * HOUR
        day = (rows - self.founders) // self.joining
        after = START + day * DAY + self._draws.below("customer:hour", rows, _SIGN_UP_HOURS * HOUR)
        return np.where(rows < self.founders, before, after)

    def erased_at(self, rows: Ints) -> Instants:
        """When each is erased on their own request; NEVER for those who are part of a merge."""
        wait = _wait(self._draws.unit("customer:erased", rows), self._rates.customer_erased_per_day)
        first = np.maximum(self.signed_up(rows), START)
        return np.where(self._merge_begins(rows) < NEVER, NEVER, first + DAY + wait)

    def _merge_begins(self, rows: Ints) -> Instants:
        """When the first of the row's three neighbours is merged; NEVER where that lies over a year ahead."""
        trio = rows // 3
        wait = _wait(self._draws.unit("customer:merge", trio), self._rates.customer_merged_per_day)
        soon = (wait < 400 * DAY) & (rows < self.founders)
        return np.where(soon, START + DAY + wait, NEVER)

    def merged_at(self, rows: Ints) -> Instants:
        """When each is merged into the next row, or NEVER."""
        trio = rows // 3
        begins = self._merge_begins(rows)
        chained = self._draws.chance("customer:chained", trio, 0.5) & (begins < NEVER)
        second = begins + self._draws.between("customer:second", trio, 12 * 60, 6 * 24 * 60) * MINUTE
        place = rows % 3
        return np.where(place == 0, begins, np.where((place == 1) & chained, second, NEVER))

    def _state(self, rows: Ints, now: Instants) -> tuple[Instants, Ints]:
        """updated_at (-1: not there yet) and version of each row as seen at its own now."""
        signed_up, merged = self.signed_up(rows), self.merged_at(rows)
        former = self._draws.between("customer:former", rows, 1, 6)
        founder = rows < self.founders
        version = np.where(founder, former, 1)
        share = self._draws.unit("customer:touched", rows)
        touched = signed_up + ((START - signed_up) * share).astype(np.int64)
        updated = np.where(founder & (former > 1), touched, signed_up)
        last = int(now.max()) if len(now) else START
        for period in range((last - START) // _CHANGE_PERIOD + 1):
            at = START + period * _CHANGE_PERIOD + self._draws.below(f"customer:at:{period}", rows, 2**31)
            at += self._draws.below(f"customer:on:{period}", rows, 25) * DAY
            changed = self._draws.chance(f"customer:changed:{period}", rows, _CHANGED_IN_PERIOD)
            changed &= (at > updated) & (at < merged) & (at <= now)
            version = version + changed
            updated = np.where(changed, at, updated)
        done = merged <= now
        updated = np.where(done, merged, updated)
        return np.where(signed_up <= now, updated, -1), version + done

    def _seen_at(self, rows: Ints, moment: Moment) -> Instants:
        if not moment.late_commits:
            return np.full(len(rows), moment.now)
        delayed = self._draws.chance("customer:late_commit", rows, self._rates.late_commit)
        return moment.now - np.where(delayed, self._draws.below("customer:commit_delay", rows, 5 * MINUTE), 0)

    def _rows(self, now: int) -> Ints:
        return np.arange(self.founders + self.joining * max(0, (now - START) // DAY + 1))

    def listing(self, moment: Moment) -> Listing:
        """All customers that are not erased, newest change last."""
        rows = self._rows(moment.now)
        updated, _ = self._state(rows, self._seen_at(rows, moment))
        there = (updated >= 0) & (self.erased_at(rows) > moment.now)
        rows, updated = rows[there], updated[there]
        sorted_updated, sorted_rows = sort_listing(updated, rows, self._ids.forward(rows))
        return Listing(
            sorted_updated, sorted_rows, key=lambda row: self.ids(np.array([row]))[0], render=self._render
        )

    def erasures(self, now: int) -> Listing:
        """All erasures up to now, by erased_at."""
        rows = self._rows(now)
        at = self.erased_at(rows)
        rows, at = rows[at <= now], at[at <= now]
        sorted_at, sorted_rows = sort_listing(at, rows, self._draws.bits("customer:erasure", rows))

        def names(wanted: Ints) -> list[str]:
            return [f"ers_{bits:016x}" for bits in self._draws.bits("customer:erasure", wanted).tolist()]

        def render(wanted: Ints, erased: Instants) -> list[Record]:
            asked = erased - self._draws.between("customer:asked", wanted, 60, 24 * 60) * MINUTE
            columns = (names(wanted), self.ids(wanted), format_instants(asked), format_instants(erased))
            fields = ("erasure_id", "customer_id", "requested_at", "erased_at")
            return [dict(zip(fields, values, strict=True)) for values in zip(*columns, strict=True)]

        return Listing(sorted_at, sorted_rows, key=lambda row: names(np.array([row]))[0], render=render)

    def names(self, rows: Ints) -> list[str]:
        """Full names."""
        first = self._draws.below("customer:first", rows, len(FIRST_NAMES)).tolist()
        last = self._draws.below("customer:last", rows, len(LAST_NAMES)).tolist()
        return [f"{FIRST_NAMES[a]} {LAST_NAMES[b]}" for a, b in zip(first, last, strict=True)]

    def _render(self, rows: Ints, updated: Instants) -> list[Record]:
        _, version = self._state(rows, updated)
        merged = (self.merged_at(rows) <= updated).tolist()
        signed_up = self.signed_up(rows)
        # Every other change is a new address, every one may bring another tier.
        home, tier = rows * 64 + version // 2, rows * 64 + version
        street = self._draws.below("customer:street", home, len(STREETS)).tolist()
        house = self._draws.between("customer:house", home, 1, 200).tolist()
        tiers = self._draws.below("customer:tier", tier, len(TIERS)).tolist()
        opted_in = self._draws.chance("customer:opt_in", tier, 0.6).tolist()
        phone = self._draws.below("customer:phone", rows, 10**9).tolist()
        born = (START - self._draws.between("customer:born", rows, 18 * 365, 80 * 365) * DAY) // DAY
        birth_dates = np.datetime_as_string(born.astype("datetime64[D]")).tolist()
        ids, following = self.ids(rows), self.ids(rows + 1)
        joined, changed = format_instants(signed_up), format_instants(updated)
        records = []
        for at, (name, city_row) in enumerate(zip(self.names(rows), self.city(rows).tolist(), strict=True)):
            city = CITIES[city_row]
            records.append(
                {
                    "customer_id": ids[at],
                    "full_name": name,
                    "email": f"{name.lower().replace(' ', '.')}.{ids[at][-5:]}@example.com",
                    "phone": f"{city.dial}{phone[at]:09d}",
                    "birth_date": birth_dates[at],
                    "address": {
                        "street": f"{house[at]} {STREETS[street[at]]}",
                        "postcode": f"{house[at] * 97 + street[at]:05d}",
                        "city": city.name,
                    },
                    "country": city.country,
                    "loyalty_tier": TIERS[tiers[at]],
                    "marketing_opt_in": opted_in[at],
                    "signed_up_at": joined[at],
                    "merged_into": following[at] if merged[at] else None,
                    "created_at": joined[at],
                    "updated_at": changed[at],
                    "version": int(version[at]),
                }
            )
        return records


def _wait(draw: NDArray[np.float64], per_day: float) -> Instants:
    """Milliseconds until something that happens to this share of the rows each day."""
    return (draw / max(per_day, 1e-6) * DAY).astype(np.int64)

"""Branches: where they stand, their clocks, and when they open, close and vanish from the list."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np

from sandbox.smartpizza.arrays import Flags, Instants, Ints
from sandbox.smartpizza.config import Config
from sandbox.smartpizza.geography import CITIES, REGIONS
from sandbox.smartpizza.hashing import Hash
from sandbox.smartpizza.paging import Listing, Record
from sandbox.smartpizza.times import DAY, HOUR, MINUTE, START, START_DATE, business_date

_FOREVER = 1_000_000
# A closed branch stays listed for two days, an opening one is listed a day before it opens.
_LISTED_AFTER_CLOSING = 2
_LISTED_BEFORE_OPENING = 1


class Branches:
    """All branches of one simulation. Rows are 0-based; branch_id is the row plus one.

    With three branches or more, the last opens and the last but one closes during the simulated days.
    """

    def __init__(self, config: Config, draws: Hash) -> None:
        self.count = config.branches
        rows = np.arange(self.count)
        self.city = rows % len(CITIES)
        self.region = np.array([REGIONS.index(city.region) for city in CITIES])[self.city]
        self.opens = np.full(self.count, -_FOREVER)
        self.closes = np.full(self.count, _FOREVER)
        if self.count >= 3:
            self.opens[-1] = config.branch_opens_day
            self.closes[-2] = config.branch_closes_day
        self._age_days = draws.between("branch:opened", rows, 30, 4000)
        self._zones = sorted({city.timezone for city in CITIES})
        self._zone = np.array([self._zones.index(city.timezone) for city in CITIES])[self.city]
        self._offsets = self._zone_offsets(0)

    def trading(self, branch: Ints, day: Ints) -> Flags:
        """Whether the branch is open on its local day."""
        return (day >= self.opens[branch]) & (day < self.closes[branch])

    def to_utc(self, branch: Ints, day: Ints, wall: Ints) -> Instants:
        """When the branch's wall clock shows `wall` milliseconds after midnight of its local day.

        Clocks change between 01:00 and 09:00 in every city served, when no branch trades: `wall` must
        lie outside.
        """
        if len(day) and int(day.max()) >= self._offsets.shape[1]:
            self._offsets = self._zone_offsets(int(day.max()) + 120)
        offset = self._offsets[self._zone[branch], day, (wall >= 9 * HOUR).astype(np.int64)]
        instants: Instants = START + day * DAY + wall - offset
        return instants

    def listing(self, now: int) -> Listing:
        """The full list as it is now, by branch_id."""
        today = (now - START) // DAY
        listed = (today >= self.opens - _LISTED_BEFORE_OPENING) & (
            today < self.closes + _LISTED_AFTER_CLOSING
        )
        rows = np.flatnonzero(listed)

        def render(wanted: Instants, _updated: Instants) -> list[Record]:
            return [self._record(int(row), int(today)) for row in wanted]

        return Listing(np.zeros(len(rows), np.int64), rows, key=lambda row: f"{row + 1:09d}", render=render)

    def _record(self, row: int, today: int) -> Record:
        city = CITIES[self.city[row]]
        district = row // len(CITIES)
        opened = int(self.opens[row]) if self.opens[row] > -_FOREVER else -int(self._age_days[row])
        closes = int(self.closes[row])
        return {
            "branch_id": row + 1,
            "name": f"SmartPizza {city.name}" + (f" {district + 1}" if district else ""),
            "region": city.region,
            "country": city.country,
            "city": city.name,
            "timezone": city.timezone,
            "currency": city.currency,
            "opened_on": business_date(opened),
            "closed_on": business_date(closes) if closes <= today else None,
        }

    def _zone_offsets(self, days: int) -> Instants:
        """Offsets from UTC by zone, local day and (0: just after midnight, 1: from nine on)."""
        days = max(days, 60)
        table = np.empty((len(self._zones), days, 2), np.int64)
        midnight = dt.datetime.combine(START_DATE, dt.time())
        for at, name in enumerate(self._zones):
            zone = ZoneInfo(name)
            for day in range(days):
                early = (midnight + dt.timedelta(days=day, minutes=1)).replace(tzinfo=zone)
                for part, moment in enumerate((early, early.replace(hour=12))):
                    offset = moment.utcoffset()
                    table[at, day, part] = 0 if offset is None else offset // dt.timedelta(milliseconds=1)
        return table


CLOSING = 23 * HOUR + 30 * MINUTE

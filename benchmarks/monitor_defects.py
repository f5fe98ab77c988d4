"""The defects that are planted, one at a time: what each makes of the loads, and which alarm finds it."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.monitor_series import FIRST, Load, Record, Series

Change = Callable[[list[Record]], list[Record]]
# A defect that goes on is there for so many days, and has to be found within them.
DAYS = 3


@dataclass(frozen=True, slots=True)
class Alarm:
    """A verdict that is no ok."""

    monitor: str
    column: str
    slice: str
    day: dt.date


@dataclass(frozen=True, slots=True, eq=False)
class Defect:
    """`loads` replace those of the days and hours in `without`; monitors, column and slice say what finds it."""

    name: str
    first_day: int
    last_day: int
    without: set[tuple[int, int]]
    loads: list[Load] = field(repr=False)
    monitors: tuple[str, ...]
    column: str = ""
    slice: str = ""

    def is_found_by(self, alarm: Alarm) -> bool:
        named = (alarm.column, alarm.slice) == (self.column, self.slice)
        return alarm.monitor in self.monitors and named and self.covers(alarm.day)

    def covers(self, day: dt.date) -> bool:
        """Whether it is about the days of the defect."""
        return self.first_day <= (day - FIRST.date()).days <= self.last_day


def defects(series: Series) -> list[Defect]:
    """One of each kind, on days and of branches and columns that the seed draws."""
    draw = np.random.default_rng((series.seed, 3))

    def planted(
        name: str, change: Change, days: int, *monitors: str, column: str = "", at: str = ""
    ) -> Defect:
        first = int(draw.integers(35, series.days - DAYS - 1))
        replaced = range(first, first + days)
        loads = [load for day in replaced for load in series.loads(day, change)]
        without = {(day, hour) for day in replaced for hour in range(24)}
        return Defect(name, first, first + days - 1, without, loads, monitors, column, at)

    column = str(draw.choice(["order_number", "loyalty_points", "promised_at"]))
    branch = int(draw.integers(1, series.branches + 1))

    def some(share: float, **values: object) -> Change:
        return lambda records: [{**r, **values} if draw.random() < share else r for r in records]

    def dearer(records: list[Record]) -> list[Record]:
        return [
            {**r, "total": (amount := f"{float(r['total']) * 1.25:.2f}"), "subtotal": amount} for r in records
        ]

    def half(records: list[Record]) -> list[Record]:
        return [r for r in records if r["branch_id"] != branch or draw.random() < 0.5]

    def again(records: list[Record]) -> list[Record]:
        return [
            *records,
            *({**r, "order_id": f"{r['order_id']}_2", "idempotency_key": None} for r in records),
        ]

    def number(records: list[Record]) -> list[Record]:
        return [{**r, "total": float(r["total"])} for r in records]

    return [
        planted("field null, 2 % to 30 %", some(0.286, **{column: None}), DAYS, "null_rate", column=column),
        planted(
            "field null, 0 % to 2 %",
            some(0.02, idempotency_key=None),
            DAYS,
            "null_rate",
            column="idempotency_key",
        ),
        planted("P90 up 25 %", dearer, DAYS, "p90", column="total_amount"),
        planted("day missing", lambda _: [], 1, "volume"),
        planted("half a branch's volume", half, DAYS, "volume", "volume_3d", at=str(branch)),
        planted("records doubled, new ids", again, 1, "twin_share"),
        planted("records doubled, same ids", lambda records: records * 2, 1, "copy_share"),
        planted(
            "new status value",
            some(0.02, status="on_hold"),
            1,
            "category_share",
            column="status",
            at="on_hold",
        ),
        planted("string turned number", number, DAYS, "schema_changes", column="total", at="retyped"),
        stopped(series, draw),
    ]


def stopped(series: Series, draw: np.random.Generator) -> Defect:
    """Six hours without a load; the seventh brings what had waited."""
    start = int(draw.integers(35 * 24, (series.days - 2) * 24))
    hours = [divmod(start + hour, 24) for hour in range(7)]
    day, hour = hours[-1]
    # A load takes the last record's place in time: the records keep theirs.
    waited = [
        record
        for each in {day for day, _ in hours}
        for load in series.loads(each)
        if (each, load.hour) in hours
        for record in load.records
    ]
    late = replace(
        series.loads(day)[0], day=day, hour=hour, committed_at=series.committed_at(day, hour), records=waited
    )
    return Defect("source stopped for six hours", hours[0][0], day, set(hours), [late], ("freshness",))

"""What the project's own SQL says of a series, as it was and with a defect in it.

Views in the schema `planted` show the models the loads that were chosen. A defect's days are measured anew, the others
are as they were: a day's measurements depend on its own records only. The days before the defect need no verdict
again, for no verdict looks ahead.
"""

import datetime as dt
from dataclasses import dataclass

import psycopg
from psycopg.sql import SQL

from benchmarks.monitor_defects import Alarm, Defect
from benchmarks.monitor_ground import Ground
from benchmarks.monitor_series import FIRST

# A verdict is of the day and of so many before it.
SEEN_DAYS = 28
_NAMES = ("int_orders_measured", "int_orders_judged", "int_streams_judged")
_SEEN = {
    "base.base_smartpizza__orders": "planted.orders",
    "intermediate.int_orders_measured": "planted.measured",
    "staging.stg_ops__loads": "planted.loads",
    "staging.stg_ops__schema_changes": "planted.schema_changes",
}
_PREPARE = """
    create schema planted;
    create table planted.chosen (load_order bigint primary key);
    create table planted.days (first_on date, last_on date);
    create view planted.orders as
        select * from base.base_smartpizza__orders
        where load_order in (select load_order from planted.chosen)
            and (least(updated_at, extracted_at) at time zone 'UTC')::date
                between (select first_on from planted.days) and (select last_on from planted.days);
    create view planted.loads as
        select * from ops.loads where load_order in (select load_order from planted.chosen);
    create view planted.schema_changes as
        select * from ops.schema_changes where sweep_id in (select sweep_id from planted.loads);
"""
_CHOOSE = """
    insert into planted.chosen
    select load_order
    from ops.loads
    where (load_order <= %(clean)s and date_trunc('hour', committed_at - interval '1 hour') <> all(%(without)s))
        or (load_order >= %(first)s and load_order < %(stop)s)
"""
_ALARMS = (
    "select monitor, column_name, slice, measured_on from ({}) as verdicts"
    " where verdict in ('warn', 'error') and measured_on >= {}"
)


@dataclass(frozen=True, slots=True)
class Models:
    """The compiled SQL of the models, reading what is in `planted`."""

    measured: str
    judged: str
    streams: str

    @classmethod
    def of(cls, ground: Ground) -> "Models":
        texts = ground.compiled(*_NAMES, variables="judged_at: (select max(committed_at) from planted.loads)")
        for relation, view in _SEEN.items():
            texts = [text.replace(relation, view) for text in texts]
        return cls(*texts)


def judge_clean(connection: psycopg.Connection, models: Models, clean: int, days: int) -> set[Alarm]:
    """Alarms of the series as it was: the loads up to `clean`. Keeps the measurements for judge_planted."""
    connection.execute(_PREPARE)
    end = FIRST.date() + dt.timedelta(days=days)
    _choose(connection, clean=clean, without=set(), first=0, stop=0, between=(FIRST.date(), end))
    connection.execute(SQL("create table planted.clean as {}").format(SQL(models.measured)))
    connection.execute("create table planted.measured (like planted.clean)")
    connection.execute("create index on planted.measured (measured_on)")
    connection.execute("insert into planted.measured select * from planted.clean")
    return _alarms(connection, models, FIRST.date())


def judge_planted(
    connection: psycopg.Connection, models: Models, defect: Defect, *, clean: int, first: int
) -> set[Alarm]:
    """Alarms of the days from the defect on, whose loads begin at `first`."""
    start, end = (FIRST.date() + dt.timedelta(days=day) for day in (defect.first_day, defect.last_day))
    _choose(
        connection,
        clean=clean,
        without=defect.without,
        first=first,
        stop=first + len(defect.loads),
        between=(start, end),
    )
    connection.execute("truncate planted.measured")
    connection.execute(SQL("insert into planted.measured {}").format(SQL(models.measured)))
    connection.execute(
        "insert into planted.measured select * from planted.clean"
        " where measured_on >= %s and measured_on not between %s and %s",
        [start - dt.timedelta(days=SEEN_DAYS), start, end],
    )
    return _alarms(connection, models, start)


def _choose(
    connection: psycopg.Connection,
    *,
    clean: int,
    without: set[tuple[int, int]],
    first: int,
    stop: int,
    between: tuple[dt.date, dt.date],
) -> None:
    connection.execute("truncate planted.chosen, planted.days")
    connection.execute("insert into planted.days values (%s, %s)", between)
    hours = [FIRST + dt.timedelta(days=day, hours=hour) for day, hour in without]
    connection.execute(_CHOOSE, {"clean": clean, "without": hours, "first": first, "stop": stop})
    connection.execute("analyze planted.chosen")


def _alarms(connection: psycopg.Connection, models: Models, since: dt.date) -> set[Alarm]:
    connection.execute("analyze planted.measured")
    queries = [SQL(_ALARMS).format(SQL(text), since) for text in (models.judged, models.streams)]
    return {Alarm(*row) for query in queries for row in connection.execute(query).fetchall()}

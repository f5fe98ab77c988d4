"""The section on monitors: small multiples of what was measured, within what was allowed."""

from typing import Any

from psycopg.sql import SQL, Literal

from extract.monitor_verdicts import NEWEST_VERDICTS, RELATION
from extract.report_page import shown
from extract.report_page.drawing import chart
from extract.report_page.snapshot import Query, Row, Snapshot, conditions, named

_KEYS = ("monitor", "source", "model", "column_name", "slice")
_DRAWN = 24
_DAYS = 60
_BEYOND = ("error", "warn")


def monitors(snapshot: Snapshot) -> dict[str, Any]:
    """The series whose last verdict is worst, whole tables before their slices, and how many there are of each.

    A change of shape is no series: the page lists them by themselves.
    """
    snapshot.assert_readable(RELATION, "extract build quality")
    newest = SQL(NEWEST_VERDICTS)
    last = snapshot.rows(
        SQL(
            "select verdicts.* from ({}) as newest"
            " inner join {} as verdicts using (monitor, source, model, column_name, slice, measured_on)"
            " where monitor <> 'schema_changes'"
            " order by array_position(array['error', 'warn', 'ok', 'learning'], verdicts.verdict), slice <> '',"
            " source, model, monitor, column_name, verdicts.row_count desc, slice limit {}"
        ).format(newest, named(RELATION), Literal(_DRAWN))
    )
    counts = {
        verdict: snapshot.figure(
            SQL("select count(*) from ({}) as newest where verdict = {}").format(newest, Literal(verdict)),
            shown.count,
        )
        for verdict in ("error", "warn", "ok", "learning")
    }
    return {"rows": [_drawn(snapshot, row) for row in last], "counts": counts, "days": _DAYS}


def _drawn(snapshot: Snapshot, last: Row) -> Row:
    where = conditions({key: last[key] for key in _KEYS})
    history = _history(snapshot, where)
    values = [row["value"] for row in history]
    drawn = chart(
        [_float(value) for value in values],
        [_float(row["lower_bound"]) for row in history],
        [_float(row["upper_bound"]) for row in history],
        [row["verdict"] in _BEYOND for row in history],
    )
    series = SQL(
        "select array_agg(value order by measured_on) from"
        " (select value, measured_on from {} where {} order by measured_on desc limit {}) as drawn"
    ).format(named(RELATION), where, Literal(_DAYS))
    cells = snapshot.cells(
        RELATION,
        last,
        [*_KEYS, "measured_on"],
        {"value": _spelling(last), "lower_bound": _spelling(last), "upper_bound": _spelling(last)},
    )
    return last | {
        "chart": drawn,
        "series": snapshot.series(values, series),
        "cells": cells,
        "first_on": history[0]["measured_on"],
    }


def _history(snapshot: Snapshot, where: Query) -> list[Row]:
    return snapshot.rows(
        SQL(
            "select * from (select measured_on, value, lower_bound, upper_bound, verdict from {} where {}"
            " order by measured_on desc limit {}) as drawn order by measured_on"
        ).format(named(RELATION), where, Literal(_DAYS))
    )


def _spelling(row: Row) -> shown.Spelling:
    is_share = row["monitor"].endswith(("_rate", "_share"))
    return shown.percent if is_share else shown.number


def _float(value: Any) -> float | None:
    return None if value is None else float(value)

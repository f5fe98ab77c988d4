"""Sections on tests: the score by dimension, and what fails with the rows that were kept."""

import json
from datetime import date, timedelta
from typing import Any

from psycopg.sql import SQL, Literal

from extract.report_page import shown
from extract.report_page.snapshot import Figure, Query, Snapshot, named

DAILY, FAILING, KEPT = "ops.data_quality_daily", "ops.failing_tests", "ops.test_failures"
DIMENSIONS = ("accuracy", "completeness", "consistency", "timeliness", "uniqueness", "validity")
_BUILT_BY = "extract init, then extract build"
_DAYS = 30
_SHOWN_ROWS = 5


def scores(snapshot: Snapshot) -> dict[str, Any]:
    """Pass rates by dimension, of the last day that has any and of the 30 days up to it; by source and owner."""
    snapshot.assert_readable(DAILY, _BUILT_BY)
    newest = snapshot.rows(SQL("select max(date) as date from {}").format(named(DAILY)))[0]["date"]
    if newest is None:
        return {"rows": [], "date": None, "owners": []}
    days = [newest - timedelta(days=back) for back in reversed(range(_DAYS))]
    found = {
        (row["dimension"], row["date"]): row
        for row in snapshot.rows(
            SQL(
                "select dimension, date, sum(tests)::bigint as tests, sum(passed) / sum(tests) as rate,"
                " sum(failed) as failed, sum(warned) as warned from {} where date > {} group by dimension, date"
            ).format(named(DAILY), Literal(newest - timedelta(days=_DAYS)))
        )
    }
    rows = []
    for dimension in DIMENSIONS:
        today = SQL("dimension = {} and date = {}").format(Literal(dimension), Literal(newest))
        rows.append(
            {
                "dimension": dimension,
                "cells": _judged(snapshot, today),
                "strip": [_cell(snapshot, dimension, day, found.get((dimension, day))) for day in days],
            }
        )
    owners = snapshot.rows(
        SQL("select distinct source, owner from {} where date = {} order by source, owner").format(
            named(DAILY), Literal(newest)
        )
    )
    for row in owners:
        where = SQL("source = {} and owner = {} and date = {}").format(
            Literal(row["source"]), Literal(row["owner"]), Literal(newest)
        )
        row["cells"] = _judged(snapshot, where)
    rate = _judged(snapshot, SQL("date = {}").format(Literal(newest)))["rate"]
    return {"rows": rows, "date": newest, "owners": owners, "rate": rate}


def _judged(snapshot: Snapshot, where: Query) -> dict[str, Figure]:
    def ask(wanted: str, spell: shown.Spelling) -> Figure:
        query = SQL("select {} from {} where {}").format(SQL(wanted), named(DAILY), where)
        return snapshot.figure(query, spell)

    return {
        "tests": ask("sum(tests)::bigint", shown.count),
        "warned": ask("sum(warned)::bigint", shown.count),
        "failed": ask("sum(failed)::bigint", shown.count),
        "rate": ask("sum(passed) / sum(tests)", shown.percent),
    }


def _cell(snapshot: Snapshot, dimension: str, day: date, row: dict[str, Any] | None) -> dict[str, Any]:
    if row is None:
        return {"verdict": "none", "told": f"{day}: no tests", "figure": None}
    verdict = "fail" if row["failed"] else "warn" if row["warned"] else "pass"
    query = SQL("select array[sum(passed) / sum(tests)] from {} where dimension = {} and date = {}").format(
        named(DAILY), Literal(dimension), Literal(day)
    )
    told = f"{day}: {shown.percent(row['rate'])} of {row['tests']:,} passed"
    return {"verdict": verdict, "told": told, "figure": snapshot.series([row["rate"]], query)}


def failing(snapshot: Snapshot) -> dict[str, Any]:
    """Tests whose last result is no pass, failed ones first, and the first of the rows that are kept of each."""
    snapshot.assert_readable(FAILING, _BUILT_BY)
    snapshot.assert_readable(KEPT, _BUILT_BY)
    rows = snapshot.rows(SQL("select * from {} order by verdict, failing_since, name").format(named(FAILING)))
    kept: dict[str, list[str]] = {}
    for each in snapshot.rows(
        SQL("select node_id, record from {} where row_number <= {} order by node_id, row_number").format(
            named(KEPT), Literal(_SHOWN_ROWS)
        )
    ):
        kept.setdefault(each["node_id"], []).append(json.dumps(each["record"], ensure_ascii=False))
    for row in rows:
        row["cells"] = snapshot.cells(
            FAILING, row, ["node_id"], {"failures": shown.count, "kept_rows": shown.count}
        )
        row["kept"] = kept.get(row["node_id"], [])
        row["where"] = (
            SQL("select record from {} where node_id = {}")
            .format(named(KEPT), Literal(row["node_id"]))
            .as_string()
        )

    def counted(verdict: str) -> Figure:
        query = SQL("select count(*) from {} where verdict = {}").format(named(FAILING), Literal(verdict))
        return snapshot.figure(query, shown.count)

    return {"rows": rows, "failed": counted("fail"), "warned": counted("warn")}

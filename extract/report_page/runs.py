"""Sections on pipelines, runs, lag and cost: the run ledger."""

from datetime import timedelta
from typing import Any

from psycopg.sql import SQL, Literal

from extract.report_page import shown
from extract.report_page.snapshot import Row, Snapshot, conditions, named

RUNS, HEALTH, LAG = "ops.run_ledger", "ops.pipeline_health", "ops.stream_lag"
STORAGE, TROUBLE = "ops.storage", "ops.open_trouble"
_BUILT_BY = "extract init"
_LAST = 50
_COST_DAYS = 30


def trouble(snapshot: Snapshot) -> dict[str, Any]:
    """What is wrong now, the worst and oldest first."""
    snapshot.assert_readable(TROUBLE, _BUILT_BY)
    return {
        "rows": snapshot.rows(
            SQL("select * from {} order by severity, since nulls first, key").format(named(TROUBLE))
        ),
        "count": snapshot.figure(SQL("select count(*) from {}").format(named(TROUBLE)), shown.count),
    }


def pipelines(snapshot: Snapshot) -> dict[str, Any]:
    """How each pipeline's runs and builds stand."""
    snapshot.assert_readable(HEALTH, _BUILT_BY)
    rows = snapshot.rows(SQL("select * from {} order by pipeline, kind").format(named(HEALTH)))
    for row in rows:
        row["cells"] = snapshot.cells(
            HEALTH,
            row,
            ["pipeline", "kind"],
            {"success_rate_7d": shown.percent, "expected_every": shown.seconds},
        )
    late = SQL("select count(*) from {} where is_late").format(named(HEALTH))
    failing = SQL("select count(*) from {} where last_status in ('failed', 'killed')").format(named(HEALTH))
    return {
        "rows": rows,
        "late": snapshot.figure(late, shown.count),
        "failing": snapshot.figure(failing, shown.count),
    }


def runs(snapshot: Snapshot) -> dict[str, Any]:
    """The last runs and builds, the newest first."""
    snapshot.assert_readable(RUNS, _BUILT_BY)
    rows = snapshot.rows(
        SQL("select * from {} order by started_at desc, run_id limit {}").format(named(RUNS), Literal(_LAST))
    )
    spellings = {
        "rows": shown.count,
        "bytes": shown.size,
        "retries": shown.count,
        "cpu_seconds": shown.seconds,
        "peak_memory_bytes": shown.size,
        "cost_amount": shown.amount,
    }
    for row in rows:
        row["cells"] = snapshot.cells(RUNS, row, ["run_id", "kind"], spellings)
        row["lasted"] = _lasted(row)
    return {"rows": rows, "last": _LAST}


def _lasted(row: Row) -> str:
    if row["ended_at"] is None:
        return "-"
    return shown.seconds((row["ended_at"] - row["started_at"]) / timedelta(seconds=1))


def lag(snapshot: Snapshot) -> dict[str, Any]:
    """How long ago each stream brought something, beside its usual gap, as of the page's time."""
    snapshot.assert_readable(LAG, _BUILT_BY)
    rows = snapshot.rows(SQL("select * from {} order by is_late desc, source, stream").format(named(LAG)))
    for row in rows:
        keys = {"source": row["source"], "stream": row["stream"]}
        row["cells"] = snapshot.cells(LAG, row, list(keys), {"usual_gap": shown.seconds})
        row["lag"] = snapshot.figure(
            SQL("select extract(epoch from {}::timestamptz - last_load_at)::float8 from {} where {}").format(
                Literal(snapshot.taken_at), named(LAG), conditions(keys)
            ),
            shown.seconds,
        )
    longest = max([row["lag"].value for row in rows if row["lag"].value] or [1])
    for row in rows:
        row["share"] = (row["lag"].value or 0) / longest
    late = SQL("select count(*) from {} where is_late").format(named(LAG))
    return {"rows": rows, "late": snapshot.figure(late, shown.count)}


def cost(snapshot: Snapshot) -> dict[str, Any]:
    """What pipelines used and cost in the last 30 days of the ledger, and what is stored."""
    snapshot.assert_readable(RUNS, _BUILT_BY)
    snapshot.assert_readable(STORAGE, _BUILT_BY)
    since = Literal(snapshot.taken_at - timedelta(days=_COST_DAYS))
    names = snapshot.rows(
        SQL("select distinct pipeline, kind from {} where started_at > {} order by pipeline, kind").format(
            named(RUNS), since
        )
    )
    sums = {
        "runs": (SQL("count(*)"), shown.count),
        "cpu_seconds": (SQL("sum(cpu_seconds)"), shown.seconds),
        "bytes": (SQL("sum(bytes)"), shown.size),
        "wal_bytes": (SQL("sum(wal_bytes)"), shown.size),
        "cost_amount": (SQL("sum(cost_amount)"), shown.amount),
    }
    for row in names:
        where = conditions({"pipeline": row["pipeline"], "kind": row["kind"]})
        row["cells"] = {
            name: snapshot.figure(
                SQL("select {} from {} where started_at > {} and {}").format(
                    wanted, named(RUNS), since, where
                ),
                spell,
            )
            for name, (wanted, spell) in sums.items()
        }
    stored = snapshot.rows(SQL("select * from {} where bytes > 0 order by bytes desc").format(named(STORAGE)))
    for row in stored:
        row["cells"] = snapshot.cells(
            STORAGE, row, ["schema"], {"bytes": shown.size, "cost_a_month": shown.amount}
        )
    total = SQL("select sum(cost_amount) from {} where started_at > {}").format(named(RUNS), since)
    return {
        "rows": names,
        "stored": stored,
        "days": _COST_DAYS,
        "total": snapshot.figure(total, shown.amount),
    }

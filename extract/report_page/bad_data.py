"""Sections on what was set aside, dead letters and quarantine, and on fields that changed their shape."""

from datetime import timedelta
from typing import Any

from psycopg.sql import SQL, Literal

from extract.report_page import shown
from extract.report_page.snapshot import Snapshot, conditions, named

LETTERS = "ops.open_dead_letters"
QUARANTINE, NOW, REASONS = "ops.quarantine_daily", "ops.quarantine_now", "ops.quarantine_reasons"
SHAPES = "ops.schema_changes"
_BUILT_BY = "extract init"
_DAYS = 7
_REASONS = 12


def dead_letters(snapshot: Snapshot) -> dict[str, Any]:
    """Open letters by stream."""
    snapshot.assert_readable(LETTERS, _BUILT_BY)
    rows = snapshot.rows(SQL("select * from {} order by letters desc, source, stream").format(named(LETTERS)))
    for row in rows:
        row["cells"] = snapshot.cells(LETTERS, row, ["source", "stream"], {"letters": shown.count})
    total = SQL("select coalesce(sum(letters), 0)::bigint from {}").format(named(LETTERS))
    return {"rows": rows, "total": snapshot.figure(total, shown.count)}


def quarantine(snapshot: Snapshot) -> dict[str, Any]:
    """What breaks a rule, by stream, of all records and of the last seven days'; and the reasons."""
    snapshot.assert_readable(QUARANTINE, _BUILT_BY)
    since = Literal((snapshot.taken_at - timedelta(days=_DAYS)).date())
    rows = snapshot.rows(SQL("select * from {} order by rows desc, source, stream").format(named(NOW)))
    for row in rows:
        keys = {"source": row["source"], "stream": row["stream"]}
        row["cells"] = snapshot.cells(
            NOW, row, list(keys), {"rows": shown.count, "records": shown.count, "share": shown.percent}
        )
        newly = SQL("select sum(quarantined)::bigint from {} where date > {} and {}").format(
            named(QUARANTINE), since, conditions(keys)
        )
        row["newly"] = snapshot.figure(newly, shown.count)
    reasons = snapshot.rows(
        SQL("select * from {} order by records desc, source, stream, reason limit {}").format(
            named(REASONS), Literal(_REASONS)
        )
    )
    for row in reasons:
        row["cells"] = snapshot.cells(REASONS, row, ["source", "stream", "reason"], {"records": shown.count})
    newly = SQL("select coalesce(sum(quarantined), 0)::bigint from {} where date > {}").format(
        named(QUARANTINE), since
    )
    return {
        "rows": rows,
        "reasons": reasons,
        "days": _DAYS,
        "total": snapshot.figure(
            SQL("select coalesce(sum(rows), 0)::bigint from {}").format(named(NOW)), shown.count
        ),
        "newly": snapshot.figure(newly, shown.count),
    }


def shapes(snapshot: Snapshot) -> dict[str, Any]:
    """Fields that came, went or changed their type in the last seven days."""
    snapshot.assert_readable(SHAPES, _BUILT_BY)
    since = Literal(snapshot.taken_at - timedelta(days=_DAYS))
    return {
        "days": _DAYS,
        "rows": snapshot.rows(
            SQL("select * from {} where noticed_at > {} order by change_id desc limit 40").format(
                named(SHAPES), since
            )
        ),
    }

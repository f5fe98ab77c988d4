"""Sections on what was set aside, dead letters and quarantine, and on fields that changed their shape."""

from datetime import timedelta
from typing import Any

from psycopg.sql import SQL, Composed, Literal

from extract.report_page import shown
from extract.report_page.snapshot import Snapshot, conditions, named

LETTERS = "ops.open_dead_letters"
QUARANTINE, REASONS = "ops.quarantine_daily", "ops.quarantine_reasons"
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
    """What of the last seven days' records breaks a rule, by stream, and all reasons that still stand."""
    snapshot.assert_readable(QUARANTINE, _BUILT_BY)
    since = Literal((snapshot.taken_at - timedelta(days=_DAYS)).date())
    streams = snapshot.rows(
        SQL("select distinct source, stream from {} where date > {} order by source, stream").format(
            named(QUARANTINE), since
        )
    )

    def asked(wanted: str, where: Composed | SQL) -> Composed:
        return SQL("select {} from {} where date > {} and {}").format(
            SQL(wanted),
            named(QUARANTINE),
            since,
            where,  # type: ignore[arg-type]
        )

    share = "sum(quarantined) / nullif(sum(records), 0)"
    for row in streams:
        where = SQL("{}").format(conditions({"source": row["source"], "stream": row["stream"]}))
        row["cells"] = {
            "records": snapshot.figure(asked("sum(records)::bigint", where), shown.count),
            "quarantined": snapshot.figure(asked("sum(quarantined)::bigint", where), shown.count),
            "share": snapshot.figure(asked(share, where), shown.percent),
        }
    reasons = snapshot.rows(
        SQL("select * from {} order by records desc, source, stream, reason limit {}").format(
            named(REASONS), Literal(_REASONS)
        )
    )
    for row in reasons:
        row["cells"] = snapshot.cells(REASONS, row, ["source", "stream", "reason"], {"records": shown.count})
    whole = SQL("true")
    return {
        "rows": streams,
        "reasons": reasons,
        "days": _DAYS,
        "total": snapshot.figure(asked("coalesce(sum(quarantined), 0)::bigint", whole), shown.count),
        "share": snapshot.figure(asked(share, whole), shown.percent),
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

"""The page as a whole: each section read at one moment, or why it cannot be shown."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import jinja2
from psycopg import Connection
from psycopg.rows import TupleRow

from extract.report_page import bad_data, quality, runs, shown
from extract.report_page.lineage import lineage
from extract.report_page.monitors import monitors
from extract.report_page.snapshot import LackingError, Snapshot, snapshot_of

_TEMPLATES = Path(__file__).parent / "templates"
_SECTIONS: dict[str, Callable[[Snapshot], dict[str, Any]]] = {
    "trouble": runs.trouble,
    "pipelines": runs.pipelines,
    "runs": runs.runs,
    "lag": runs.lag,
    "scores": quality.scores,
    "failing": quality.failing,
    "monitors": monitors,
    "letters": bad_data.dead_letters,
    "quarantine": bad_data.quarantine,
    "shapes": bad_data.shapes,
    "cost": runs.cost,
    "lineage": lineage,
}


@dataclass(frozen=True, slots=True)
class Section:
    """What a section shows, or in `lacking` why it shows nothing."""

    data: dict[str, Any] = field(default_factory=dict)
    lacking: str | None = None


def report_page(connection: Connection[TupleRow], stale_after: timedelta, docs_url: str | None) -> str:
    """The page as HTML, dated by the database; whatever it holds is escaped.

    It calls itself stale after `stale_after`, and links the docs at `docs_url`. The connection is in autocommit mode;
    role reporter may read all that there is. Raises psycopg's errors.
    """
    with snapshot_of(connection) as snapshot:
        sections = {name: _section(snapshot, read) for name, read in _SECTIONS.items()}
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"moment": shown.moment, "seconds": shown.seconds}
    return environment.get_template("report.html.jinja").render(
        **sections,
        made_at=snapshot.taken_at,
        stale_after=stale_after,
        docs_url=docs_url,
        ago=lambda moment: shown.ago(moment, snapshot.taken_at),
    )


def _section(snapshot: Snapshot, read: Callable[[Snapshot], dict[str, Any]]) -> Section:
    try:
        return Section(read(snapshot))
    except LackingError as lacking:
        return Section(lacking=str(lacking))

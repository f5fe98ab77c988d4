"""The page that says how things stand: streams, the last runs, what the last builds made of each node."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jinja2
from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from extract.source import Source
from extract.status import Status, read_status

Conn = Connection[TupleRow]

_TEMPLATES = Path(__file__).parent / "templates"
_WELL = ("success", "pass", "skipped", "no-op")


@dataclass(frozen=True, slots=True)
class Node:
    """The last result of a model, seed or test; times are UTC, `started_at` is its build's."""

    node_id: str
    resource_type: str
    status: str
    seconds: float
    rows_affected: int | None
    failures: int | None
    started_at: datetime | None

    @property
    def well(self) -> bool:
        return self.status in _WELL


def standing_page(connection: Conn, sources: Sequence[Source], made_at: datetime) -> str:
    """The page as HTML. The role needs to read ops' views: transformer does."""
    return render(read_status(connection, sources), read_nodes(connection), made_at)


def read_nodes(connection: Conn) -> list[Node]:
    """The last result of each node that ever was built, those that are not well first."""
    with connection.cursor(row_factory=class_row(Node)) as cursor:
        nodes = cursor.execute(
            """
            select distinct on (node_id) node_id, resource_type, status, seconds::float8 as seconds,
                rows_affected, failures, started_at
            from ops.build_results
            order by node_id, started_at desc nulls last
            """
        ).fetchall()
    return sorted(nodes, key=lambda node: (node.well, node.node_id))


def render(status: Status, nodes: Sequence[Node], made_at: datetime) -> str:
    """The page of these; whatever they hold is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["moment"] = _moment
    page = environment.get_template("index.html.jinja")
    ages = {
        id(stream): made_at - stream.last_sweep_ended_at
        for stream in status.streams
        if stream.last_sweep_ended_at is not None
    }
    return page.render(
        status=status, nodes=nodes, made_at=made_at, age=lambda stream: _span(ages.get(id(stream)))
    )


def _moment(value: datetime | None) -> str:
    return "-" if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _span(value: timedelta | None) -> str:
    if value is None:
        return "never finished"
    hours = value / timedelta(hours=1)
    if hours < 1:
        return f"{hours * 60:.0f} min ago"
    return f"{hours:.0f} h ago" if hours < 48 else f"{hours / 24:.0f} d ago"

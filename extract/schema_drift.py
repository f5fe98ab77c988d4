"""Schema drift: whether what a sweep brought looks like what its stream brought before.

Postgres reads a sample of the sweep's records, after their loads are committed, and compares its paths and JSON
types with those known: ops.note_shape in migrations/0004_schema_drift.sql says what counts as a change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from psycopg.rows import class_row

from extract.errors import SchemaChangedError
from extract.ledger import Conn, Sweep
from extract.report import Reporter
from extract.settings import DriftSettings
from extract.source import Stream

_TOLD = 20


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """A path that is new, has vanished or was retyped, with its JSON types (none: only nulls so far)."""

    path: str
    change: Literal["new", "vanished", "retyped"]
    old_types: list[str] | None
    new_types: list[str] | None

    def __str__(self) -> str:
        if self.change == "retyped":
            return f"{self.path} retyped from {_named(self.old_types)} to {_named(self.new_types)}"
        return f"{self.path} {self.change} ({_named(self.new_types or self.old_types)})"


def changed_shape(
    connection: Conn, settings: DriftSettings, sweep: Sweep, *, run_id: UUID, table: str
) -> list[SchemaChange]:
    """Compares the shape of what a finished `sweep` loaded into raw.`table`; records and gives what changed.

    A sweep whose run dies before this call is not compared: the next one is.
    """
    if settings.sample_records == 0:
        return []
    with connection.cursor(row_factory=class_row(SchemaChange)) as cursor:
        cursor.execute(
            "select * from ops.note_shape(%s, %s, %s, %s)",
            [run_id, sweep.sweep_id, table, settings.sample_records],
        )
        return cursor.fetchall()


def tell_drift(report: Reporter, stream: Stream, sweep: Sweep, changes: Sequence[SchemaChange]) -> None:
    """Tells of `changes`. Raises SchemaChangedError for a retyped path where `stream` declares so."""
    if changes:
        told = [str(change) for change in changes[:_TOLD]]
        report.event("schema_changed", **sweep.names(), count=len(changes), changes=told)
    _refuse_retyped(sweep, stream, changes)


def _refuse_retyped(sweep: Sweep, stream: Stream, changes: Sequence[SchemaChange]) -> None:
    retyped = [str(change) for change in changes if change.change == "retyped"]
    if retyped and stream.retype == "fail":
        raise SchemaChangedError(
            f"{sweep.source}.{sweep.stream}: {'; '.join(retyped)} (everything is loaded; sweep {sweep.sweep_id} "
            'in ops.schema_changes; Stream(retype="record") lets such runs end well)'
        )


def _named(types: list[str] | None) -> str:
    return " or ".join(types or ["null"])

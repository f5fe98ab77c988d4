"""What the page reads: one moment of the database, so that no two of its figures disagree."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row
from psycopg.sql import SQL, Composed, Identifier, Literal

from extract.report_page.shown import Number, Spelling

Row = dict[str, Any]
Query = SQL | Composed


class LackingError(Exception):
    """A section cannot be shown; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A value, how it is shown, and the query that gives it. A list is what a picture was drawn by."""

    value: Any
    shown: str
    query: str

    @property
    def exact(self) -> str:
        """The value as the page keeps it beside what it shows."""
        return ", ".join(map(str, self.value)) if isinstance(self.value, list) else str(self.value)


class Snapshot:
    """Reads within one transaction. Raises psycopg's errors."""

    def __init__(self, connection: Connection[TupleRow], taken_at: datetime) -> None:
        self._connection = connection
        self.taken_at = taken_at

    def assert_readable(self, relation: str, built_by: str) -> None:
        """Raises LackingError where the relation is not there, or not for this role."""
        row = self._connection.execute(
            "select to_regclass(%(name)s) is not null, current_user", {"name": relation}
        ).fetchone()
        is_there, role = row or (False, "")
        if not is_there:
            raise LackingError(f"not built yet: {built_by}")
        readable = self._connection.execute(
            "select has_schema_privilege(split_part(%(name)s, '.', 1), 'usage') "
            "and has_table_privilege(%(name)s, 'select')",
            {"name": relation},
        ).fetchone()
        if readable is None or not readable[0]:
            raise LackingError(f"role {role} may not read {relation}: run it as role reporter")

    def rows(self, query: Query, **parameters: Any) -> list[Row]:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, parameters).fetchall()

    def figure(self, query: Query, spell: Spelling) -> Figure:
        """The figure that a query of one value gives; a null shows as a dash."""
        row = self._connection.execute(query).fetchone()
        return self._figure(row[0] if row else None, query, spell)

    def series(self, values: Sequence[Number], query: Query) -> Figure:
        """The values that a picture is drawn by, which a query of one array gives."""
        return Figure(list(values), "", self._text(query))

    def cells(
        self, relation: str, row: Row, keys: Sequence[str], spellings: Mapping[str, Spelling]
    ) -> dict[str, Figure]:
        """Figures by column of a row of `relation` that `keys` tell from all others; spans are in seconds."""
        where = conditions({key: row[key] for key in keys})
        return {
            column: self._figure(row[column], self._cell(column, relation, row[column], where), spell)
            for column, spell in spellings.items()
        }

    def _cell(self, column: str, relation: str, value: Any, where: Query) -> Query:
        wanted: Identifier | Composed = Identifier(column)
        if isinstance(value, timedelta):
            wanted = SQL("extract(epoch from {})::float8").format(wanted)
        return SQL("select {} from {} where {}").format(wanted, named(relation), where)

    def _figure(self, value: Any, query: Query, spell: Spelling) -> Figure:
        if isinstance(value, timedelta):
            value = value.total_seconds()
        return Figure(value, "-" if value is None else spell(value), self._text(query))

    def _text(self, query: Query) -> str:
        return " ".join(query.as_string(self._connection).split())


def named(relation: str) -> Identifier:
    """`schema.name` as an identifier."""
    return Identifier(*relation.split("."))


def conditions(values: Mapping[str, Any]) -> Query:
    """The condition that columns have these values, nulls included."""
    return SQL(" and ").join(
        SQL("{} is null").format(Identifier(name))
        if value is None
        else SQL("{} = {}").format(Identifier(name), Literal(value))
        for name, value in values.items()
    )


@contextmanager
def snapshot_of(connection: Connection[TupleRow]) -> Iterator[Snapshot]:
    """A snapshot of now; the connection must be in autocommit mode. Nothing is written."""
    connection.execute("set timezone = 'UTC'")
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        row = connection.execute("select now()").fetchone()
        if row is None:
            raise AssertionError("now() gave no row")
        yield Snapshot(connection, row[0])

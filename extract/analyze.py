"""`extract analyze`: the planner's statistics where autovacuum makes none, and a look at dead rows."""

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.sql import SQL, Identifier

Conn = Connection[TupleRow]

FEW_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Bloat:
    """A table with many dead rows, as the server estimates them."""

    name: str
    dead_rows: int
    rows: int
    bytes: int

    def __str__(self) -> str:
        share = self.dead_rows / (self.dead_rows + self.rows)
        return (
            f"{self.name}: {share:.0%} of its rows are dead ({self.dead_rows:,}), {self.bytes / 1e6:,.0f} MB: "
            "autovacuum does not keep up, or an old transaction holds it back (pg_stat_activity.xact_start)"
        )


def analyze(connection: Conn) -> Iterator[str]:
    """Analyzes what the role owns: partitioned tables, which autovacuum passes over, and what has changed since.

    Gives each table's name when it is done. One that somebody else holds at the moment is left for the next time.
    """
    tables = connection.execute(
        """
        select namespace.nspname, class.relname
        from pg_class as class
        join pg_namespace as namespace on namespace.oid = class.relnamespace
        left join pg_stat_user_tables as stat on stat.relid = class.oid
        where pg_has_role(class.relowner, 'usage')
            and namespace.nspname not in ('pg_catalog', 'information_schema') and class.relpersistence <> 't'
            and (
                class.relkind = 'p'
                or class.relkind = 'r' and not class.relispartition and stat.n_mod_since_analyze > 0
            )
        order by 1, 2
        """
    ).fetchall()
    for schema, table in tables:
        connection.execute(SQL("analyze (skip_locked) {}").format(Identifier(schema, table)))
        yield f"{schema}.{table}"


def bloated(connection: Conn, share: float) -> list[Bloat]:
    """Tables of any owner with at least `share` of their rows dead, small ones left out; the worst first."""
    with connection.cursor(row_factory=class_row(Bloat)) as cursor:
        return cursor.execute(
            """
            select format('%%s.%%s', schemaname, relname) as name, n_dead_tup as dead_rows, n_live_tup as rows,
                pg_total_relation_size(relid) as bytes
            from pg_stat_user_tables
            where n_dead_tup >= %s and n_dead_tup >= %s * (n_live_tup + n_dead_tup)
            order by n_dead_tup desc
            """,
            [FEW_ROWS, share],
        ).fetchall()

"""Daily partitions of the raw tables, made ahead of the loads that will need them."""

from collections.abc import Iterable
from datetime import date, timedelta

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from extract.source import Source

Conn = Connection[TupleRow]

DAYS_AHEAD = 7


def partition_name(table: str, day: date) -> str:
    """Name of the partition of a raw table for a day, as ops.ensure_partition gives it."""
    return f"{table}_{day:%Y%m%d}"


def make_partitions(connection: Conn, sources: Iterable[Source]) -> int:
    """Makes the partitions that lack, from yesterday to DAYS_AHEAD days ahead in UTC; gives how many it made.

    The session's time zone must be UTC. A transaction a table, since each new partition locks its table.
    """
    made = 0
    for source in sources:
        for stream in source.streams:
            row = connection.execute(
                """
                select count(*) filter (where ops.ensure_partition(%s, day::date))
                from generate_series(current_date - 1, current_date + %s::int, interval '1 day') as day
                """,
                [source.raw_table(stream), DAYS_AHEAD],
            ).fetchone()
            made += row[0] if row else 0
    return made


def attach_partition(connection: Conn, table: str, day: date) -> None:
    """Makes the table `partition_name(table, day)`, which stands beside, a partition; loads and readers go on."""
    connection.execute(
        SQL("alter table raw.{} attach partition raw.{} for values from ({}) to ({})").format(
            Identifier(table), Identifier(partition_name(table, day)), day, day + timedelta(days=1)
        )
    )

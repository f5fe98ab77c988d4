"""A raw table against the ledger: each load has the rows that it says, and each row has a load. Reads only."""

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Composable, Identifier

from extract.finding import Finding

Conn = Connection[TupleRow]

# One pass over the table. A row a load that is wrong; a row a day that is in the archive or just gone.
_COMPARE = """
    with held as (
        select load_id, loaded_on, count(*) as rows, count(distinct load_position) as places
        from raw.{table}
        group by load_id, loaded_on
    ),

    days as (
        select to_date(right(part.relname, 8), 'YYYYMMDD') as loaded_on
        from pg_inherits
        inner join pg_class as part on part.oid = inhrelid
        where inhparent = %(table)s::regclass and not inhdetachpending
    ),

    compared as (
        select
            load_id,
            loaded_on,
            coalesce(loads.records, 0) as records,
            coalesce(held.rows, 0) as rows,
            coalesce(held.places, 0) as places,
            case
                when loads.load_id is null then 'unknown'
                when loaded_on in (select loaded_on from days) then 'loaded'
                when loaded_on in ({away}) then 'away'
                else 'gone'
            end as state
        from (
            select * from ops.loads where source = %(source)s and stream = %(stream)s
        ) as loads
        full join held using (load_id, loaded_on)
    )

    select state, case when state in ('unknown', 'loaded') then load_id end, loaded_on,
        sum(records)::bigint, sum(rows)::bigint, sum(places)::bigint
    from compared
    where records <> rows or rows <> places
    group by 1, 2, 3
    order by 1, 3, 2
"""
_AWAY = SQL(
    "select day from ops.archived_days where source = %(source)s and stream = %(stream)s and status = 'away'"
)


def look_at_raw(connection: Conn, source: str, stream: str) -> tuple[list[Finding], int]:
    """What does not balance in the table of a stream, and how many of its records only the archive has."""
    name = f"{source}__{stream}"
    values = {"source": source, "stream": stream, "table": f"raw.{name}"}
    has_archive, has_table = _there(connection, "ops.archived_days"), _there(connection, f"raw.{name}")
    if not has_table:
        return _without_table(connection, source, stream), 0
    away: Composable = _AWAY if has_archive else SQL("null::date")
    rows = connection.execute(SQL(_COMPARE).format(table=Identifier(name), away=away), values).fetchall()
    archived = sum(records for state, _, _, records, *_ in rows if state == "away")
    return [_finding(name, row) for row in rows if row[0] != "away"], archived


def _there(connection: Conn, name: str) -> bool:
    row = connection.execute("select to_regclass(%s) is not null", [name]).fetchone()
    return row is not None and bool(row[0])


def _without_table(connection: Conn, source: str, stream: str) -> list[Finding]:
    row = connection.execute(
        "select count(*), sum(records)::bigint from ops.loads where source = %s and stream = %s and records > 0",
        [source, stream],
    ).fetchone()
    if row is None or not row[0]:
        return []
    return [
        Finding(
            f"there is no table raw.{source}__{stream}, yet {row[0]} loads brought it {row[1]} records",
            "bring the table back from a backup",
        )
    ]


def _finding(table: str, row: TupleRow) -> Finding:
    state, load_id, day, records, rows, places = row
    if state == "unknown":
        return Finding(
            f"raw.{table} has {rows} rows of {day} that name load {load_id}, which the ledger does not know there",
            "no load of ours left them: find out who writes to raw, then delete them",
        )
    if state == "gone":
        return Finding(
            f"raw.{table} has no partition for {day}, whose loads brought {records} records, and no archive has it",
            "bring the day back from a backup",
        )
    if records == rows:
        return Finding(
            f"load {load_id} of {day} has {rows} rows in raw.{table} at only {places} places, so some are doubled",
            "bring the day back from the archive or a backup, and rebuild what took it with --full-refresh",
        )
    return Finding(
        f"load {load_id} of {day} has {rows} rows in raw.{table}, the ledger says {records}",
        "bring the day back from the archive or a backup, and rebuild what took it with --full-refresh",
    )

"""The ledger against itself: sweeps, loads, dead letters, cursors and leases of one source. Reads only."""

from collections.abc import Callable

from psycopg import Connection
from psycopg.rows import TupleRow

from extract.finding import Finding

Conn = Connection[TupleRow]

_TAMPERED = "the ledger was written by something else than a load; compare with a backup of schema ops"


def totals(connection: Conn, source: str) -> tuple[int, int, int]:
    """Sweeps, loads and records that the ledger has of `source`."""
    row = connection.execute(
        """
        select (select count(*) from ops.sweeps where source = %(source)s), count(*), coalesce(sum(records), 0)::bigint
        from ops.loads where source = %(source)s
        """,
        {"source": source},
    ).fetchone()
    if row is None:
        raise AssertionError("an aggregate gave no row")
    return row[0], row[1], row[2]


def streams(connection: Conn, source: str) -> set[str]:
    """All streams that the ledger knows of `source`."""
    rows = connection.execute("select distinct stream from ops.sweeps where source = %s", [source])
    return {row[0] for row in rows}


def _sweeps(connection: Conn, source: str) -> list[Finding]:
    """Served = records + dead letters, and both are what the sweep's loads say."""
    rows = connection.execute(
        """
        select sweeps.sweep_id, sweeps.stream, sweeps.served, sweeps.records, sweeps.dead_letters,
            coalesce(loads.records, 0)::bigint, coalesce(loads.dead_letters, 0)::bigint
        from ops.sweeps
        left join (
            select sweep_id, sum(records) as records, sum(dead_letters) as dead_letters
            from ops.loads group by sweep_id
        ) as loads using (sweep_id)
        where sweeps.source = %s and (
            sweeps.served <> sweeps.records + sweeps.dead_letters
            or sweeps.records <> coalesce(loads.records, 0)
            or sweeps.dead_letters <> coalesce(loads.dead_letters, 0)
        )
        order by sweeps.sweep_id
        """,
        [source],
    )
    return [
        Finding(
            f"sweep {sweep_id} of {source}.{stream} was served {served} records, of which it counts {records} and "
            f"{letters} dead letters, its loads {load_records} and {load_letters}",
            _TAMPERED,
        )
        for sweep_id, stream, served, records, letters, load_records, load_letters in rows
    ]


def _dead_letters(connection: Conn, source: str) -> list[Finding]:
    """Each load's dead letters are there, whatever has become of them since."""
    rows = connection.execute(
        """
        select load_id, coalesce(loads.stream, letters.stream), loads.dead_letters, coalesce(letters.count, 0)
        from (select * from ops.loads where source = %(source)s) as loads
        full join (
            -- A page that could not be read (position -1) counts as no record.
            select load_id, stream, count(*) from ops.dead_letters
            where source = %(source)s and position >= 0
            group by 1, 2
        ) as letters using (load_id)
        where loads.dead_letters is distinct from coalesce(letters.count, 0)
        order by load_id
        """,
        {"source": source},
    )
    return [
        Finding(
            f"load {load_id} of {source}.{stream} has {found} dead letters, the ledger says {said or 0}"
            if said is not None
            else f"{found} dead letters of {source}.{stream} name load {load_id}, which the ledger does not know",
            "dead letters are never deleted, only replayed or discarded: compare with a backup of schema ops",
        )
        for load_id, stream, said, found in rows
    ]


def _load_orders(connection: Conn, source: str) -> list[Finding]:
    rows = connection.execute(
        """
        select load_order, array_agg(load_id order by load_id)
        from ops.loads
        group by load_order
        having count(*) > 1 and bool_or(source = %s)
        order by load_order
        """,
        [source],
    )
    return [
        Finding(
            f"loads {', '.join(map(str, load_ids))} share place {load_order} in the commit order",
            "models may have missed one of them: restore the unique constraint of ops.loads, then build with "
            "--full-refresh",
        )
        for load_order, load_ids in rows
    ]


def _cursors(connection: Conn, source: str) -> list[Finding]:
    rows = connection.execute(
        """
        select cursors.stream, cursors.shard, cursors.sweep_id,
            coalesce('is ' || sweeps.status, 'is not in the ledger')
        from ops.cursors
        left join ops.sweeps using (sweep_id, source, stream, shard)
        where cursors.source = %s and sweeps.status is distinct from 'finished'
        order by 1, 2
        """,
        [source],
    )
    return [
        Finding(
            f"the cursor of {source}.{stream}{shard and f' {shard}'} comes from sweep {sweep_id}, which {status}",
            "what that sweep did not reach may be missing: delete the cursor's row, and the next run reads all again",
        )
        for stream, shard, sweep_id, status in rows
    ]


def _dead_holders(connection: Conn, source: str) -> list[Finding]:
    """A lease that ran out while its run had not ended, and that nobody has taken since."""
    rows = connection.execute(
        """
        select leases.name, leases.holder, leases.run_id, leases.expires_at::timestamptz(0) at time zone 'UTC'
        from ops.leases
        inner join ops.runs using (run_id)
        where runs.source = %s and runs.status = 'running'
            and leases.expires_at < clock_timestamp() - interval '1 hour'
        order by leases.name
        """,
        [source],
    )
    return [
        Finding(
            f"{holder} died in run {run_id}; its lease of {name} expired at {expired} UTC and nobody has gone on since",
            f"nothing is lost; `extract run {source}` goes on where it stopped",
            breaks_books=False,
        )
        for name, holder, run_id, expired in rows
    ]


def _open_dead_letters(connection: Conn, source: str) -> list[Finding]:
    rows = connection.execute(
        """
        select stream, count(*), min(created_at)::timestamptz(0) at time zone 'UTC'
        from ops.dead_letters where source = %s and status = 'open' group by stream order by stream
        """,
        [source],
    )
    return [
        Finding(
            f"{count} dead letters of {source}.{stream} are open, the oldest since {since} UTC",
            f"`extract dead-letters list {source}` tells why",
            breaks_books=False,
        )
        for stream, count, since in rows
    ]


LOOKS: tuple[Callable[[Conn, str], list[Finding]], ...] = (
    _sweeps,
    _dead_letters,
    _load_orders,
    _cursors,
    _dead_holders,
    _open_dead_letters,
)

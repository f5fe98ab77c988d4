"""What is wrong now: the rows of ops.open_trouble, and what the marts and the disk add to them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from extract.monitor_verdicts import NEWEST_VERDICTS, RELATION

Conn = Connection[TupleRow]

# The same shares are in k8s/components/dashboards/rules.yaml.
QUARANTINE_SHARE = 0.05
DISK_SHARE = 0.85

_LEDGER: LiteralString = """
    select key, severity, pipeline, summary, since, rows, owner, last_good_at from ops.open_trouble
"""
_QUARANTINE: LiteralString = """
    select 'quarantine ' || source || '.' || stream as key, 'warning' as severity, source as pipeline,
        source || '.' || stream || ' has ' || round((100 * share)::numeric, 1) || ' %% of its records in quarantine'
        as summary, clock_timestamp() as since, rows, owner, null::timestamptz as last_good_at
    from ops.quarantine_now
    left join ops.pipelines on source = pipeline
    where share > %(share)s
"""
_MONITORS: LiteralString = (
    """
    select 'monitor ' || source || '.' || model || ' ' || monitor as key,
        case when bool_or(verdict = 'error') then 'error' else 'warning' end as severity, source as pipeline,
        monitor || ' of ' || model || ': ' || (array_agg(reason order by verdict, measured_on))[1] as summary,
        min(measured_on)::timestamptz as since, count(*) as rows, max(owner) as owner,
        null::timestamptz as last_good_at
    from ("""  # noqa: S608 - of our own words only
    + NEWEST_VERDICTS
    + """) as newest
    left join ops.pipelines on source = pipeline
    where verdict in ('warn', 'error')
    group by source, model, monitor
"""
)
_DISK: LiteralString = """
    select 'disk' as key, 'error' as severity, null as pipeline,
        'the database fills ' || round(100 * sum(bytes) / %(disk)s) || ' %% of its disk' as summary,
        clock_timestamp() as since, null::bigint as rows, null as owner, null::timestamptz as last_good_at
    from ops.storage
    having sum(bytes) > %(disk)s::numeric * %(share)s
"""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One trouble; `key` stays the same while it lasts. Times are UTC; `rows` are those that it is about."""

    key: str
    severity: str
    pipeline: str | None
    summary: str
    since: datetime
    rows: int | None
    owner: str | None
    last_good_at: datetime | None

    @property
    def is_error(self) -> bool:
        return self.severity == "error"


def open_troubles(connection: Conn, disk_bytes: int | None) -> list[Trouble]:
    """All that is wrong, errors first, the oldest first. `disk_bytes` is the size of the database's disk, if known.

    `connection` reads ops' views and marts: a reporter's. Marts that are not built yet have no troubles.
    """
    found = list(_found(connection, disk_bytes))
    return sorted(found, key=lambda trouble: (not trouble.is_error, trouble.since, trouble.key))


def _found(connection: Conn, disk_bytes: int | None) -> Iterator[Trouble]:
    with connection.cursor(row_factory=class_row(Trouble)) as cursor:
        yield from cursor.execute(_LEDGER)
        yield from cursor.execute(_QUARANTINE, {"share": QUARANTINE_SHARE})
        if disk_bytes is not None:
            yield from cursor.execute(_DISK, {"disk": disk_bytes, "share": DISK_SHARE})
        there = connection.execute("select to_regclass(%s) is not null", [RELATION]).fetchone()
        if there is not None and there[0]:
            yield from cursor.execute(_MONITORS)

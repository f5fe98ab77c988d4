"""What the webhook was told last (ops.alerts), and what has changed since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from extract.alert.trouble import Trouble

Conn = Connection[TupleRow]


@dataclass(frozen=True, slots=True)
class Told:
    """A trouble as it was told; `since` is UTC."""

    key: str
    severity: str
    summary: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be told: troubles that are new, or have become errors, and what was told and is over."""

    new: Sequence[Trouble]
    worse: Sequence[Trouble]
    resolved: Sequence[Told]

    def __bool__(self) -> bool:
        return bool(self.new or self.worse or self.resolved)


def read_told(connection: Conn) -> dict[str, Told]:
    """What was told last, by key; until the transaction ends, nobody else tells anything."""
    connection.execute("lock table ops.alerts in share row exclusive mode")
    with connection.cursor(row_factory=class_row(Told)) as cursor:
        told = cursor.execute("select key, severity, summary, since from ops.alerts order by since, key")
        return {each.key: each for each in told}


def compare(open_now: Sequence[Trouble], told: dict[str, Told]) -> Changes:
    """What has changed. A trouble that became milder is not worth a message."""
    now = {trouble.key for trouble in open_now}
    return Changes(
        new=[trouble for trouble in open_now if trouble.key not in told],
        worse=[
            trouble
            for trouble in open_now
            if trouble.key in told and trouble.is_error and told[trouble.key].severity != trouble.severity
        ],
        resolved=[each for key, each in told.items() if key not in now],
    )


def remember(connection: Conn, open_now: Sequence[Trouble]) -> None:
    """Makes ops.alerts say what is open now; a trouble keeps the time since when it was first told."""
    connection.execute("delete from ops.alerts where key <> all(%s)", [[each.key for each in open_now]])
    for each in open_now:
        connection.execute(
            """
            insert into ops.alerts as known (key, severity, summary, since) values (%s, %s, %s, %s)
            on conflict (key) do update
            set severity = excluded.severity, summary = excluded.summary, told_at = excluded.told_at
            where known.severity <> excluded.severity
            """,
            [each.key, each.severity, each.summary, each.since],
        )

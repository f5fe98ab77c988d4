"""Which days of raw are old enough for the archive, and which of them have to wait, and for what."""

from dataclasses import dataclass
from datetime import date

from psycopg import Connection
from psycopg.rows import TupleRow

from extract.erasures import announced_subjects
from extract.partitions import partition_name
from extract.settings import Settings
from extract.source import Source, Stream

Conn = Connection[TupleRow]


@dataclass(frozen=True, slots=True)
class OldDay:
    """A day that raw has had for long enough. `waits_for` says why it has to stay; None: it may go."""

    source: Source
    stream: Stream
    day: date
    waits_for: str | None

    @property
    def table(self) -> str:
        return self.source.raw_table(self.stream)

    @property
    def partition(self) -> str:
        return partition_name(self.table, self.day)

    def __str__(self) -> str:
        return f"{self.source.name}.{self.stream.name} {self.day}"


def old_days(connection: Conn, settings: Settings, source: Source) -> list[OldDay]:
    """Days of `source` in raw that have passed their time, oldest first. Never today or yesterday (UTC)."""
    keep = settings.source(source).raw_keep_days or settings.archive.keep_days
    found = [
        OldDay(source, stream, day, _waits_for(connection, settings, source, stream, day))
        for stream in source.streams
        for day in _days_in_raw(connection, source.raw_table(stream), older_than_days=keep)
    ]
    return sorted(found, key=lambda old: (old.day, old.stream.name))


def _days_in_raw(connection: Conn, table: str, older_than_days: int) -> list[date]:
    rows = connection.execute(
        """
        select day
        from pg_inherits
        inner join pg_class as partition on partition.oid = inhrelid
        cross join to_date(right(partition.relname, 8), 'YYYYMMDD') as day
        where inhparent = format('raw.%%I', %(table)s::text)::regclass
            and partition.relname = %(table)s || to_char(day, '_YYYYMMDD')
            and day < (clock_timestamp() at time zone 'UTC')::date - %(keep)s::int
        """,
        {"table": table, "keep": older_than_days},
    ).fetchall()
    return [row[0] for row in rows]


def _waits_for(connection: Conn, settings: Settings, source: Source, stream: Stream, day: date) -> str | None:
    partition = partition_name(source.raw_table(stream), day)
    if _is_written_to(connection, partition):
        return "a load is being written to it"
    if _was_restored_lately(connection, source, stream, day, settings.archive.keep_restored_days):
        return f"it was restored less than {settings.archive.keep_restored_days} days ago"
    if source.erasures is not None and source.erasures.stream == stream.name:
        waiting = _unapplied_erasures(connection, source, partition)
        if waiting:
            return f"it announces {waiting} erasures that `extract erase {source.name}` has not applied"
    behind = _models_behind(connection, source, stream, day)
    return f"{', '.join(behind)} has not taken all its loads" if behind else None


def _is_written_to(connection: Conn, partition: str) -> bool:
    row = connection.execute(
        """
        select exists (
            select 1 from pg_locks
            where locktype = 'relation' and relation = format('raw.%%I', %s::text)::regclass
                and mode = 'RowExclusiveLock' and pid <> pg_backend_pid()
        )
        """,
        [partition],
    ).fetchone()
    return bool(row and row[0])


def _was_restored_lately(connection: Conn, source: Source, stream: Stream, day: date, days: int) -> bool:
    row = connection.execute(
        """
        select exists (
            select 1 from ops.archived_days
            where (source, stream, day) = (%s, %s, %s) and status = 'restored'
                and restored_at > clock_timestamp() - %s * interval '1 day'
        )
        """,
        [source.name, stream.name, day, days],
    ).fetchone()
    return bool(row and row[0])


def _unapplied_erasures(connection: Conn, source: Source, partition: str) -> int:
    applied = {
        row[0]
        for row in connection.execute("select subject from ops.erasures where source = %s", [source.name])
    }
    return len(announced_subjects(connection, source, partition).keys() - applied)


def _models_behind(connection: Conn, source: Source, stream: Stream, day: date) -> list[str]:
    """Base models, of any target that stands, which lack loads of the day; production's has to be there."""
    rows = connection.execute(
        """
        select model
        from (
            select schemaname || '.' || tablename as model from pg_tables where tablename = %(model)s
            union
            select 'base.' || %(model)s
        ) as models
        where (
                select max(load_order) from ops.loads
                where source = %(source)s and stream = %(stream)s and loaded_on = %(day)s
            ) > coalesce((select max(to_order) from ops.model_takes as takes where takes.model = models.model), 0)
        order by 1
        """,
        {
            "model": f"base_{source.name}__{stream.name}",
            "source": source.name,
            "stream": stream.name,
            "day": day,
        },
    ).fetchall()
    return [row[0] for row in rows]

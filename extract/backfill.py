"""Plans a backfill: a range is cut into windows on a fixed grid, and those that were finished before are left out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil

from psycopg import Connection
from psycopg.rows import TupleRow

from extract.cursor import CursorFormat, format_time, read_time, write_time
from extract.errors import ConfigurationError
from extract.source import Source, SourceSettings, Stream
from extract.sweep_tools import Work
from extract.window import Window

Conn = Connection[TupleRow]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the windows of one stream will cost, judged by how many records such spans brought before.

    `records` and `requests` are None where the ledger has no history of the stream; each window then costs one
    request at least. `minutes` is the least that the source's budget allows, None without one.
    """

    stream: str
    windows: Sequence[Window]
    records: int | None
    requests: int | None
    minutes: float | None


def read_option(text: str, option: str) -> datetime:
    """A date (its midnight in UTC) or an RFC 3339 time. Raises ConfigurationError naming the option."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or (parsed.tzinfo is None and len(text) > len("2026-03-01")):
        raise ConfigurationError(
            f"{option} {text!r} is neither a date such as 2026-03-01 (midnight in UTC) nor a time with a zone "
            "such as 2026-03-01T12:00:00Z"
        )
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def read_shard(text: str | None) -> tuple[int, int]:
    """I/N as (I, N): 0/1 where there is none. Raises ConfigurationError for any other text."""
    index, _, count = (text or "0/1").partition("/")
    if not (index.isascii() and index.isdigit() and count.isascii() and count.isdigit()):
        raise ConfigurationError(f"--shard {text!r} is not of the form I/N, such as 0/4, 1/4, 2/4 and 3/4")
    if not int(index) < int(count):
        raise ConfigurationError(f"--shard {text}: I counts from 0 and must be below N")
    return int(index), int(count)


def windows(
    begin: datetime, end: datetime, width: timedelta, form: CursorFormat = CursorFormat.RFC3339
) -> list[Window]:
    """[begin, end) cut where multiples of `width` since 1970 lie, so that any two cuts of a range agree."""
    cuts, at = [begin], begin
    while at < end:
        at = min(end, _EPOCH + ((at - _EPOCH) // width + 1) * width)
        cuts.append(at)
    return [Window(write_time(a, form), write_time(b, form), form) for a, b in pairwise(cuts)]


def without(window: Window, done: Iterable[Window]) -> list[Window]:
    """The parts of `window` that none of `done` covers."""
    form = window.form
    left = [(read_time(window.since, form), read_time(window.until, form))]
    for other in done:
        since, until = read_time(other.since, form), read_time(other.until, form)
        left = [
            part
            for begin, end in left
            for part in ((begin, min(end, since)), (max(begin, until), end))
            if part[0] < part[1]
        ]
    return [Window(write_time(begin, form), write_time(end, form), form) for begin, end in left]


def plan(
    connection: Conn,
    source: Source,
    streams: Sequence[Stream],
    *,
    begin: datetime,
    end: datetime,
    width: timedelta,
    shard: tuple[int, int] = (0, 1),
    again: bool = False,
) -> list[Work]:
    """The windows to read, those of other shards and (but for `again`) those finished before left out.

    A window that was begun comes as it was, so that its sweep is resumed. Raises ConfigurationError for a
    range that ends before it begins and for a stream that is only served whole.
    """
    if begin >= end:
        raise ConfigurationError(f"--from {format_time(begin)} is not before --to {format_time(end)}")
    index, count = shard
    works: list[Work] = []
    for stream in streams:
        if stream.cursor is None or stream.cursor.form is CursorFormat.ID:
            raise ConfigurationError(
                f"{source.name}.{stream.name} is always served whole or by ids: a backfill needs a cursor of times"
            )
        done = [] if again else _finished(connection, source, stream)
        for number, window in enumerate(windows(begin, end, width, stream.cursor.form)):
            if number % count == index:
                works += [Work(stream, part) for part in without(window, done)]
    return works


def _finished(connection: Conn, source: Source, stream: Stream) -> list[Window]:
    rows = connection.execute(
        """
        select since #>> '{}', until #>> '{}' from ops.sweeps
        where source = %s and stream = %s and kind = 'backfill' and status = 'finished'
        """,
        [source.name, stream.name],
    ).fetchall()
    return [Window(since, until) for since, until in rows]


def estimate(
    connection: Conn, source: Source, section: SourceSettings, works: Sequence[Work]
) -> list[Estimate]:
    """What `works` will cost, stream by stream."""
    by_stream: dict[str, list[Window]] = {}
    for work in works:
        if work.window is not None:
            by_stream.setdefault(work.stream.name, []).append(work.window)
    estimates = []
    for name, parts in by_stream.items():
        rate = _records_a_second(connection, source.name, name)
        seconds = [
            (read_time(part.until, part.form) - read_time(part.since, part.form)).total_seconds()
            for part in parts
        ]
        records = None if rate is None else round(rate * sum(seconds))
        requests = (
            None if rate is None else sum(max(1, ceil(rate * each / section.page_size)) for each in seconds)
        )
        estimates.append(
            Estimate(name, parts, records, requests, _minutes(section, source.stream(name), requests))
        )
    return estimates


def _minutes(section: SourceSettings, stream: Stream, requests: int | None) -> float | None:
    if section.budget is None or requests is None:
        return None
    return requests * stream.request_cost / section.budget.per_minute


def _records_a_second(connection: Conn, source: str, stream: str) -> float | None:
    """How many records a second of the stream's own time brought, over all finished sweeps of known ends."""
    row = connection.execute(
        """
        select sum(records)::float8,
            sum(extract(epoch from
                coalesce(until #>> '{}', watermark #>> '{}')::timestamptz - (since #>> '{}')::timestamptz))::float8
        from ops.sweeps
        where source = %s and stream = %s and status = 'finished' and since is not null
            and kind in ('incremental', 'backfill')
            and pg_input_is_valid(coalesce(until #>> '{}', watermark #>> '{}'), 'timestamptz')
            and pg_input_is_valid(since #>> '{}', 'timestamptz')
        """,
        [source, stream],
    ).fetchone()
    if row is None or not row[0] or not row[1] or row[1] <= 0:
        return None
    return float(row[0]) / float(row[1])

"""Plans a backfill: a range is cut into windows on a fixed grid, and those that were finished before are left out."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil

from psycopg import Connection
from psycopg.rows import TupleRow

from extract.cursor import CursorFormat, format_time, read_time, write_time
from extract.errors import ConfigurationError
from extract.setting_types import assert_past, read_moment
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
    works: Sequence[Work]
    records: int | None
    requests: int | None
    minutes: float | None


def read_option(text: str, option: str) -> datetime:
    """A date (its midnight in UTC) or an RFC 3339 time. Raises ConfigurationError naming the option."""
    try:
        return read_moment(text)
    except ValueError as error:
        raise ConfigurationError(f"{option} {error}") from None


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
    section: SourceSettings,
    streams: Sequence[Stream],
    *,
    begin: datetime,
    end: datetime,
    width: timedelta | None = None,
    shard: tuple[int, int] = (0, 1),
    again: bool = False,
) -> list[Work]:
    """The windows to read, those of other shards and (but for `again`) those finished before left out.

    They are counted over all parts of a stream, so that shards share these evenly; `width` None lets each part
    say how wide. A window that was begun comes as it was, so that its sweep is resumed. Raises ConfigurationError
    for a range that ends before it begins or begins in the future, and for a stream that is only served whole.
    """
    if begin >= end:
        raise ConfigurationError(f"--from {format_time(begin)} is not before --to {format_time(end)}")
    try:
        assert_past(begin)
    except ValueError as error:
        raise ConfigurationError(f"--from {error}") from None
    index, count = shard
    works: list[Work] = []
    for stream in streams:
        if not has_times(stream):
            raise ConfigurationError(
                f"{source.name}.{stream.name} is always served whole or by ids: a backfill needs a cursor of times"
            )
        cut = (
            (part, window)
            for part in stream.parts_by(section)
            for window in windows(begin, end, width or part.window, _form(stream))
        )
        done = {} if again else _finished(connection, source, stream)
        for number, (part, window) in enumerate(cut):
            if number % count == index:
                works += [Work(stream, left, part) for left in without(window, done.get(part.name, ()))]
    return works


def has_times(stream: Stream) -> bool:
    """Whether a stream's cursor is a time, so that a range of it can be read."""
    return stream.cursor is not None and stream.cursor.form is not CursorFormat.ID


def _form(stream: Stream) -> CursorFormat:
    return stream.cursor.form if stream.cursor else CursorFormat.RFC3339


def _finished(connection: Conn, source: Source, stream: Stream) -> dict[str, list[Window]]:
    """The windows of each part that were read to their end."""
    rows = connection.execute(
        """
        select part, since #>> '{}', until #>> '{}' from ops.sweeps
        where source = %s and stream = %s and kind = 'backfill' and status = 'finished'
        """,
        [source.name, stream.name],
    )
    done: dict[str, list[Window]] = {}
    for part, since, until in rows:
        done.setdefault(part, []).append(Window(since, until, _form(stream)))
    return done


def estimate(
    connection: Conn, source: Source, section: SourceSettings, works: Sequence[Work]
) -> list[Estimate]:
    """What `works` will cost, stream by stream."""
    by_stream: dict[str, list[Work]] = {}
    for work in works:
        by_stream.setdefault(work.stream.name, []).append(work)
    return [
        _estimate(_records_a_second(connection, source.name, mine[0].stream), section, mine)
        for mine in by_stream.values()
    ]


def _estimate(rates: dict[str, float], section: SourceSettings, works: Sequence[Work]) -> Estimate:
    """What `works` of one stream will cost where a second of a part's time brings so many records."""
    stream, budget = works[0].stream, section.budget
    if not rates:
        return Estimate(stream.name, works, None, None, None)
    usual = sum(rates.values()) / len(rates)
    records = [
        rates.get(each.part.name, usual) * (each.window.seconds if each.window else 0) for each in works
    ]
    requests = [max(1, ceil(count / section.page_size)) for count in records]
    cost = sum(count * stream.cost(work.part) for count, work in zip(requests, works, strict=True))
    minutes = None if budget is None else cost / budget.per_minute
    return Estimate(stream.name, works, round(sum(records)), sum(requests), minutes)


def _records_a_second(connection: Conn, source: str, stream: Stream) -> dict[str, float]:
    """How many records a second of each part's own time brought, over all finished sweeps of known ends."""
    rows = connection.execute(
        """
        select part, records, since #>> '{}', coalesce(until #>> '{}', watermark #>> '{}') from ops.sweeps
        where source = %s and stream = %s and status = 'finished' and since is not null
            and kind in ('incremental', 'backfill')
        """,
        [source, stream.name],
    )
    brought: dict[str, tuple[int, float]] = {}
    for part, records, since, until in rows:
        with suppress(ValueError, TypeError):  # neither may be a time where a stream's cursor was changed
            seconds = Window(since, until, _form(stream)).seconds
            before = brought.get(part, (0, 0.0))
            brought[part] = before[0] + records, before[1] + seconds
    return {
        part: records / seconds for part, (records, seconds) in brought.items() if records and seconds > 0
    }

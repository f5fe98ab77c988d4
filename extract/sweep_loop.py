"""The loop of a sweep: takes pages as they are fetched, and cuts them into loads."""

import dataclasses
from datetime import UTC, datetime
from functools import partial

import msgspec

from extract import ledger
from extract.answer import Answer
from extract.cursor import CursorFormat, format_time, greatest, read_time, write_time
from extract.dead_letters import is_buried
from extract.errors import (
    BadAnswerError,
    Cancelled,
    ConfigurationError,
    ExtractError,
    PageTokenExpiredError,
)
from extract.fetch import Fetched, PageFetcher
from extract.lease import Lease
from extract.ledger import Conn, Position, Sweep
from extract.load import Load, Loaded, LoadedPage
from extract.paginate import Page, TimeWindow, Walk
from extract.promise import Promise
from extract.reading import Reading, made_at
from extract.sweep_tools import SweepResult, SweepTools, Work
from extract.tolerance import assert_tolerable, open_letters, served_records

_POLL_SECONDS = 0.2


class SweepLoop:
    """Where a sweep stands: after the last page that was taken, committed or on its way into a load."""

    def __init__(
        self,
        tools: SweepTools,
        work: Work,
        *,
        lease: Lease,
        sweep: Sweep,
        previous: str | None,
        result: SweepResult,
    ) -> None:
        self._tools = tools
        self._work = work
        self._stream = work.stream
        self._window = work.window
        self._lease = lease
        self._sweep = sweep
        self._previous = previous
        self._result = result
        self._context = msgspec.json.encode(work.context) if work.context else None
        self._form = work.stream.cursor.form if work.stream.cursor else CursorFormat.RFC3339
        self._promise = Promise(work.stream, tools.settings.load.max_record_bytes)
        self._walk: Walk | None = None
        self._position = self._committed = sweep.position
        self._as_of = sweep.watermark
        self._error: ExtractError | None = None

    def run(self) -> None:
        """Sweeps to the end. Raises what ended it before, once the pages that had come are committed."""
        is_done = False
        while not is_done:
            try:
                self._follow(self._start())
                is_done = True
            except PageTokenExpiredError as expired:
                self._restart(expired)

    def _start(self) -> Walk:
        """A walk from where the sweep stands."""
        paginator, until = self._stream.paginator, self._window.until if self._window else None
        if until is None and isinstance(paginator, TimeWindow) and paginator.width is not None:
            # Only windows need an end; all else is read to wherever the API ends, by its own clock.
            until = write_time(datetime.now(UTC), self._form)
        since = self._position.since or self._work.part.since
        self._walk = paginator.start(self._position.token, since, until)
        return self._walk

    def _follow(self, start: Walk) -> None:
        reading = Reading(start, self._tools.section.page_size)
        fetcher = PageFetcher(
            partial(self._get, reading),
            start,
            page_size=self._tools.section.page_size,
            ahead=self._tools.settings.run.pages_ahead,
        )
        with fetcher as pages:
            while self._walk is not None:
                first = self._wait(pages)
                if first is not None:
                    self._load(pages, first)
                if self._error is not None and self._walk is not None:
                    self._bury(reading.unread(self._walk), self._error)
                    raise self._error

    def _get(self, reading: Reading, walk: Walk) -> Page:
        params = self._work.params
        if self._stream.cursor is not None and self._position.since is not None:
            params[self._stream.cursor.param] = self._position.since
        params |= walk.params(self._tools.section.page_size)
        return self._tools.client.get(
            self._stream.path, params, partial(reading.read, walk), self._stream.cost(self._work.part)
        )

    def _wait(self, pages: PageFetcher) -> Fetched | None:
        """The next page, however long it takes; None where `_error` says why it will not come."""
        while True:
            if self._tools.stop.is_set():
                raise Cancelled("the run is being stopped")
            self._tools.leases.assert_held(self._lease)
            fetched = self._take(pages, _POLL_SECONDS)
            if fetched is not None or self._error is not None:
                return fetched

    def _take(self, pages: PageFetcher, seconds: float) -> Fetched | None:
        try:
            return pages.take(seconds)
        except ExtractError as error:
            self._error = error
            return None

    def _load(self, pages: PageFetcher, first: Fetched) -> None:
        """One load: `first`, and while it is copied the pages that come in time and fit."""
        load = self._new_load()
        load.pages.append(self._accept(load, *first))

        def more() -> LoadedPage | None:
            if self._walk is None or self._is_full(load) or self._tools.stop.is_set():
                return None
            fetched = self._take(pages, self._tools.settings.load.max_wait_seconds)
            return None if fetched is None else self._accept(load, *fetched)

        load.more = more
        loaded = self._tools.loader.commit(load, self._lease)
        load.settle()  # `more` and the load hold each other: pages would stay until the next garbage collection
        self._committed = load.position
        self._count(load, loaded)

    def _new_load(self) -> Load:
        return Load(
            run_id=self._tools.run_id,
            sweep=self._sweep,
            table=self._tools.source.raw_table(self._stream),
            context=self._context,
            pages=[],
            position=self._position,
            watermark=self._as_of,
            finishes=False,
            after=self._committed,
        )

    def _is_full(self, load: Load) -> bool:
        """Whether one page more, with those fetched ahead of it, could go beyond what a kill may cost."""
        limits = self._tools.settings.load
        grown = (1 + self._tools.settings.run.pages_ahead / len(load.pages)) * self._tools.side_by_side
        rows = sum(len(page.records) for page in load.pages)
        size = sum(page.size for page in load.pages)
        return rows * grown >= limits.max_rows or size * grown >= limits.max_bytes

    def _accept(self, load: Load, walk: Walk, page: Page) -> LoadedPage:
        """Takes `page` into `load`: from here on the sweep stands behind it."""
        broken, cursor = self._promise.check(page)
        records, following = page.records, walk.after(page)
        if self._window and self._stream.cursor and self._window.reaches(cursor):
            count = self._window.inside(records, self._stream.cursor.field)
            if count < len(records):
                records, following = records[:count], None
                broken = {position: reason for position, reason in broken.items() if position < count}
        if self._position.page == 0:
            self._as_of = page.as_of
            self._assert_window_is_known(page)
        self._walk = following
        self._position = Position(
            since=self._position.since,
            token=following.state if following is not None else None,
            cursor=greatest([self._position.cursor, cursor], self._form),
            page=self._position.page + 1,
        )
        load.position = self._position
        load.finishes = following is None
        load.watermark = self._watermark(load.finishes)
        load.announced = None if self._window else page.total
        self._tools.report.page(self._stream.name, len(records), len(page.body))
        return LoadedPage(
            number=self._position.page,
            records=records,
            size=len(page.body),
            extracted_at=datetime.now(UTC),
            served_at=page.served_at,
            broken=broken,
        )

    def _watermark(self, finishes: bool) -> str | None:
        if self._window:
            return None
        if finishes and self._as_of is None and self._stream.cursor is not None:
            return greatest([self._position.cursor, self._previous], self._form)
        return self._as_of

    def _assert_window_is_known(self, page: Page) -> None:
        known = page.served_at
        if self._window and known and known < read_time(self._window.until, self._form):
            raise ConfigurationError(
                f"{self._sweep.name}: the API knows its data only up to {format_time(known)}: choose --to at or "
                "before it"
            )

    def _restart(self, expired: PageTokenExpiredError) -> None:
        """Goes on from the greatest cursor value seen, never from a token."""
        if self._position.token is None:
            raise BadAnswerError(f"{expired}, though none was sent")
        self._error = None
        self._result.restarts += 1
        allowed = self._tools.settings.http.max_restarts
        if self._result.restarts > allowed:
            raise BadAnswerError(
                f"{expired} {self._result.restarts} times in one run, more than http.max_restarts = {allowed} "
                "allows"
            )
        since = self._position.cursor or self._position.since
        self._position = dataclasses.replace(self._position, since=since, token=None)
        self._tools.patience.run(self._write_restart)
        self._committed = self._position
        self._tools.report.event("page_token_expired", **self._sweep.names(), going_on_from=since)

    def _write_restart(self, connection: Conn) -> None:
        with connection.transaction():
            ledger.count_restart(connection, self._sweep.sweep_id, self._position)
            self._lease.fence(connection)

    def _bury(self, answer: Answer | None, error: ExtractError) -> None:
        """Keeps the body of a page that could not be read as a dead letter, once."""
        if answer is None or not isinstance(error, BadAnswerError):
            return
        number, body = self._position.page + 1, answer.body
        if self._tools.patience.run(lambda c: is_buried(c, self._sweep.sweep_id, number, body)):
            return
        load = self._new_load()
        unread = (f"the page could not be read: {error}", body)
        load.pages.append(
            LoadedPage(number, [], len(body), datetime.now(UTC), made_at(answer), unread=unread)
        )
        self._tools.loader.commit(load, self._lease)
        self._tools.report.event("page_buried", **self._sweep.names(), page=number, bytes=len(body))

    def _count(self, load: Load, loaded: Loaded) -> None:
        result = self._result
        result.loads += 1
        result.pages += len(load.pages)
        result.records += loaded.records
        result.dead_letters += loaded.dead_letters
        result.bytes += loaded.bytes
        result.watermark = load.watermark if load.finishes else None
        names = self._sweep.names()
        self._tools.report.event("load_committed", **names, **dataclasses.asdict(loaded))
        if loaded.dead_letters:
            self._tools.report.event("dead_letters", **names, count=loaded.dead_letters)
            self._assert_tolerable(load.finishes)

    def _assert_tolerable(self, finished: bool) -> None:
        sweep_id = self._sweep.sweep_id
        run = self._tools.patience.run
        assert_tolerable(
            run(lambda connection: open_letters(connection, sweep_id)),
            run(lambda connection: served_records(connection, sweep_id)),
            finished=finished,
            thresholds=self._tools.section.dead_letters,
            source=self._tools.source.name,
            stream=self._stream.name,
        )

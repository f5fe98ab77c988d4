"""One sweep of one stream: fetches its pages and commits them in loads, from where the last one stopped."""

import contextlib
import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Literal
from uuid import UUID

import msgspec
import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from extract import ledger
from extract.answer import Answer
from extract.cursor import greatest, minus_minutes, parse_time
from extract.database import database_errors
from extract.errors import (
    BadAnswerError,
    ExtractError,
    LeaseHeldError,
    PageTokenExpiredError,
    UnreachableError,
)
from extract.lease import Lease, Leases
from extract.ledger import Position, Sweep
from extract.load import Load, Loaded, LoadedPage, Loader
from extract.paginate import Page, Walk
from extract.promise import Promise
from extract.report import Reporter
from extract.rest import RestClient
from extract.schema_drift import notice_drift
from extract.settings import DriftSettings, HttpSettings, LoadSettings
from extract.source import Source, SourceSettings, Stream


@dataclass(frozen=True, slots=True)
class SweepTools:
    """What the sweeps of one run share."""

    run_id: UUID
    pool: ConnectionPool
    client: RestClient
    loader: Loader
    leases: Leases
    report: Reporter
    settings: SourceSettings
    load: LoadSettings
    http: HttpSettings
    drift: DriftSettings


@dataclass(slots=True)
class SweepResult:
    """What one sweep of this run brought."""

    stream: str
    resumed: bool = False
    pages: int = 0
    records: int = 0
    dead_letters: int = 0
    bytes: int = 0
    loads: int = 0
    restarts: int = 0
    watermark: str | None = None
    seconds: float = 0.0
    error: str | None = None


@dataclass(slots=True)
class _Waiting:
    """Pages that are fetched and not yet committed."""

    pages: list[LoadedPage] = field(default_factory=list)
    rows: int = 0
    bytes: int = 0

    def add(self, page: LoadedPage) -> None:
        self.pages.append(page)
        self.rows += len(page.records)
        self.bytes += page.size


def sweep_stream(
    tools: SweepTools, source: Source, stream: Stream, lease: Lease, result: SweepResult
) -> None:
    """Sweeps `stream` to its end, counting into `result`; what was committed before an error stays committed.

    Raises BadAnswerError, UnreachableError, ConfigurationError, LeaseHeldError, OutOfBalanceError; the sweep
    is then marked as failed where it stands. Raises SchemaChangedError after a sweep that has finished.
    """
    with database_errors(), tools.pool.connection() as connection:
        previous = ledger.watermark(connection, source.name, stream.name)
        sweep = ledger.unfinished_sweep(connection, source.name, stream.name)
        if sweep is None:
            since = _since(previous, stream, tools.settings)
            kind: Literal["full", "incremental"] = "full" if stream.full_list else "incremental"
            sweep = ledger.begin_sweep(
                connection, tools.run_id, source=source.name, stream=stream.name, kind=kind, since=since
            )
    result.resumed = sweep.resumed
    tools.report.event("sweep_started", **_names(sweep), resumed=sweep.resumed, since=sweep.position.since)
    try:
        with database_errors():
            _SweepLoop(
                tools, source, stream, lease=lease, sweep=sweep, previous=previous, result=result
            ).run()
            notice_drift(
                tools.pool,
                tools.report,
                tools.drift,
                stream,
                sweep,
                run_id=tools.run_id,
                table=source.raw_table(stream),
            )
    except LeaseHeldError:
        raise  # whoever took over is sweeping it now
    except ExtractError:
        with contextlib.suppress(psycopg.Error, PoolTimeout), tools.pool.connection(timeout=5) as connection:
            ledger.fail_sweep(connection, sweep.sweep_id)
        raise


def _since(watermark: str | None, stream: Stream, settings: SourceSettings) -> str | None:
    if watermark is None or stream.cursor is None:
        return None
    return minus_minutes(watermark, settings.overlap_minutes)


def _names(sweep: Sweep) -> dict[str, str | int]:
    return {"source": sweep.source, "stream": sweep.stream, "sweep_id": sweep.sweep_id}


class _SweepLoop:
    def __init__(
        self,
        tools: SweepTools,
        source: Source,
        stream: Stream,
        *,
        lease: Lease,
        sweep: Sweep,
        previous: str | None,
        result: SweepResult,
    ) -> None:
        self._tools = tools
        self._stream = stream
        self._lease = lease
        self._sweep = sweep
        self._previous = previous
        self._result = result
        self._table = source.raw_table(stream)
        self._context = msgspec.json.encode(dict(stream.context)) if stream.context else None
        self._promise = Promise(stream)
        self._walk: Walk | None = stream.paginator.start(sweep.position.token)
        self._followed = {sweep.position.token}
        self._position = sweep.position
        self._as_of = sweep.watermark
        self._waiting = _Waiting()

    def run(self) -> None:
        while (walk := self._walk) is not None:
            self._tools.leases.assert_held(self._lease)
            try:
                page = self._tools.client.get(
                    self._stream.path, self._params(walk), partial(self._read, walk)
                )
            except PageTokenExpiredError as expired:
                self._restart(expired)
                continue
            except (BadAnswerError, UnreachableError):
                if self._waiting.pages:
                    self._commit(finishes=False)
                raise
            self._take(walk, page)
            full = self._waiting.rows >= self._tools.load.max_rows
            if (full or self._waiting.bytes >= self._tools.load.max_bytes) and self._walk is not None:
                self._commit(finishes=False)
        self._commit(finishes=True)

    def _params(self, walk: Walk) -> dict[str, str]:
        params = dict(self._stream.params)
        if self._stream.cursor is not None and self._position.since is not None:
            params[self._stream.cursor.param] = self._position.since
        return params | walk.params(self._tools.settings.page_size)

    def _read(self, walk: Walk, answer: Answer) -> Page:
        page = walk.read(answer)
        following = walk.after(page)
        if following is not None and following.state in self._followed:
            raise BadAnswerError("the answer names a next page that was followed before")
        return page

    def _take(self, walk: Walk, page: Page) -> None:
        broken, cursor = self._promise.check(page)
        if self._position.page == 0:
            self._as_of = page.as_of
        self._walk = walk.after(page)
        if self._walk is not None:
            self._followed.add(self._walk.state)
        self._position = Position(
            since=self._position.since,
            token=self._walk.state if self._walk is not None else None,
            cursor=greatest([self._position.cursor, cursor]),
            page=self._position.page + 1,
        )
        self._waiting.add(
            LoadedPage(
                number=self._position.page,
                records=page.records,
                size=len(page.body),
                extracted_at=datetime.now(UTC),
                served_at=parse_time(page.as_of) if page.as_of else None,
                broken=broken,
            )
        )
        self._tools.report.page(self._stream.name, len(page.records), len(page.body))

    def _restart(self, expired: PageTokenExpiredError) -> None:
        """Goes on from the greatest cursor value seen, which is committed first, never from a token."""
        if self._walk is None or self._walk.state is None:
            raise BadAnswerError(f"{expired}, though none was sent")
        self._result.restarts += 1
        if self._result.restarts > self._tools.http.max_restarts:
            raise BadAnswerError(
                f"{expired} {self._result.restarts} times in one run, more than http.max_restarts = "
                f"{self._tools.http.max_restarts} allows"
            )
        since = self._position.cursor or self._position.since
        self._position = dataclasses.replace(self._position, since=since, token=None)
        self._walk = self._stream.paginator.start()
        self._followed = {None}
        if self._waiting.pages:
            self._commit(finishes=False)
        with self._tools.pool.connection() as connection:
            ledger.count_restart(connection, self._sweep.sweep_id)
        self._tools.report.event("page_token_expired", **_names(self._sweep), going_on_from=since)

    def _commit(self, finishes: bool) -> None:
        watermark = self._as_of
        if finishes and watermark is None and self._stream.cursor is not None:
            watermark = greatest([self._position.cursor, self._previous])
        loaded = self._tools.loader.commit(
            Load(
                run_id=self._tools.run_id,
                sweep=self._sweep,
                table=self._table,
                context=self._context,
                pages=self._waiting.pages,
                position=self._position,
                watermark=watermark,
                finishes=finishes,
            ),
            self._lease,
        )
        self._count(loaded, watermark if finishes else None)
        self._waiting = _Waiting()

    def _count(self, loaded: Loaded, watermark: str | None) -> None:
        result = self._result
        result.loads += 1
        result.pages += len(self._waiting.pages)
        result.records += loaded.records
        result.dead_letters += loaded.dead_letters
        result.bytes += loaded.bytes
        result.watermark = watermark
        fields = dataclasses.asdict(loaded)
        self._tools.report.event("load_committed", **_names(self._sweep), **fields)
        if loaded.dead_letters:
            self._tools.report.event("dead_letters", **_names(self._sweep), count=loaded.dead_letters)

"""Runs a source: takes the leases, sweeps streams or windows side by side, and writes down how it ended."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from enum import StrEnum
from functools import partial

import httpx
from psycopg_pool import ConnectionPool

from extract import ledger
from extract.budget import budget_of
from extract.database import database_errors
from extract.errors import (
    BadAnswerError,
    ConfigurationError,
    ExtractError,
    LeaseHeldError,
    OutOfBalanceError,
    SchemaChangedError,
    StreamUnreachableError,
    TooManyDeadLettersError,
)
from extract.lease import Lease, Leases
from extract.ledger import lease_name
from extract.loader import Loader
from extract.migrate import pending
from extract.persist import Patience
from extract.preflight import clear
from extract.report import Reporter
from extract.rest import RestClient
from extract.run_record import RunResult, recorded
from extract.settings import Settings
from extract.side_by_side import side_by_side
from extract.source import Source, Stream
from extract.sweep import sweep_stream
from extract.sweep_tools import SweepResult, SweepTools, Work

# After these the other streams go on.
_FAULTS_OF_A_STREAM = (
    BadAnswerError,
    OutOfBalanceError,
    SchemaChangedError,
    StreamUnreachableError,
    TooManyDeadLettersError,
)


class IfHeld(StrEnum):
    """What to do with a stream that another run is extracting."""

    FAIL = "fail"
    SKIP = "skip"


def assert_migrated(pool: ConnectionPool) -> None:
    """Raises ConfigurationError where the database lacks a migration."""
    with database_errors(), pool.connection() as connection:
        lacking = pending(connection)
    if lacking:
        raise ConfigurationError(f"the database lacks migration {lacking[0]}: run `extract init`")


def run_source(
    pool: ConnectionPool,
    settings: Settings,
    source: Source,
    streams: Sequence[Stream],
    if_held: IfHeld = IfHeld.FAIL,
    *,
    transport: httpx.BaseTransport | None = None,
) -> RunResult:
    """Loads what is new in `streams` of `source` and returns how it went; errors are in the result.

    `transport` replaces the network. Raises Stopped for a signal, after the run's row says so.
    """

    def action(result: RunResult, report: Reporter) -> None:
        _Run(pool, settings, source, report=report, result=result, transport=transport).run(streams, if_held)

    return recorded(pool, source.name, "run", action)


def backfill_source(
    pool: ConnectionPool,
    settings: Settings,
    source: Source,
    works: Sequence[Work],
    *,
    transport: httpx.BaseTransport | None = None,
) -> RunResult:
    """Loads the windows of `works`, as `run_source` does its streams; no cursor moves."""

    def action(result: RunResult, report: Reporter) -> None:
        _Run(pool, settings, source, report=report, result=result, transport=transport).backfill(works)

    return recorded(pool, source.name, "backfill", action)


class _Run:
    def __init__(
        self,
        pool: ConnectionPool,
        settings: Settings,
        source: Source,
        *,
        report: Reporter,
        result: RunResult,
        transport: httpx.BaseTransport | None,
    ) -> None:
        self._pool = pool
        self._report = report
        self._result = result
        self._guard = threading.Lock()
        self._stop = threading.Event()
        patience = Patience(pool, settings.database.return_seconds, self._stop, self._tell_lost)
        section = settings.source(source)
        client = RestClient(
            source.name,
            section.base_url,
            settings.http,
            on_retry=self._tell_retry,
            transport=transport,
            auth=source.auth,
            token_url=section.token_url,
            budget=budget_of(source, section, pool),
            stop=self._stop,
        )
        result.traffic = client.traffic
        self._tools = SweepTools(
            run_id=result.run_id,
            source=source,
            section=section,
            settings=settings,
            client=client,
            loader=Loader(pool, patience),
            leases=Leases(pool, result.run_id, settings.lease),
            patience=patience,
            report=report,
            stop=self._stop,
        )

    def run(self, streams: Sequence[Stream], if_held: IfHeld) -> None:
        """Sweeps all parts of streams side by side. All leases are taken first: a run that lacks one leaves at once."""
        divided = [(stream, stream.parts_by(self._tools.section)) for stream in streams]
        works = [Work(stream, part=part) for stream, parts in divided for part in parts]
        with self._tools.client, self._tools.leases.kept():
            with database_errors():
                taken = self._take_leases(works, if_held)
                if taken:
                    self._preflight()
                with self._pool.connection() as connection:
                    for stream, parts in divided:
                        names = [part.name for part in parts]
                        ledger.note_parts(connection, self._tools.source.name, stream.name, names)
            self._side_by_side([partial(self._sweep_one, work, lease) for work, lease in taken])
        if self._result.skipped and not taken:
            self._result.status = "skipped"

    def backfill(self, works: Sequence[Work]) -> None:
        """Sweeps windows side by side, those that another run holds left to it."""
        with self._tools.client, self._tools.leases.kept():
            if works:
                self._preflight()
            self._side_by_side([partial(self._sweep_if_free, work) for work in works])

    def _preflight(self) -> None:
        """Raises ConfigurationError where the source is not in order; what is merely unusual is told."""
        source = self._tools.source
        if source.preflight is None:
            return
        cleared = clear(self._tools.client, source, self._tools.section)
        self._report.event("preflight_cleared", **asdict(cleared))
        if cleared.resting:
            self._report.event("resting", names=cleared.resting)

    def _side_by_side(self, tasks: Sequence[Callable[[], None]]) -> None:
        at_once = max(1, min(self._tools.settings.run.parallel, len(tasks)))
        self._tools = replace(self._tools, side_by_side=at_once)
        side_by_side(tasks, at_once, self._end, self._tools.loader.cancel)

    def _end(self) -> None:
        """Ends what waits or asks the API; what is being committed goes on."""
        self._stop.set()
        self._tools.client.close()

    def _sweep_if_free(self, work: Work) -> None:
        with database_errors():
            taken = self._take_leases([work], IfHeld.SKIP)
        for each, lease in taken:
            self._sweep_one(each, lease)

    def _sweep_one(self, work: Work, lease: Lease) -> None:
        """One sweep; where it alone is to blame for an error, the others go on."""
        swept = SweepResult(work.stream.name, work.shard)
        with self._guard:
            self._result.streams.append(swept)
        started = time.monotonic()
        try:
            sweep_stream(self._tools, work, lease, swept)
        except _FAULTS_OF_A_STREAM as error:
            swept.error = str(error)
            with self._guard:
                self._result.fail(_of_part(work, error))
            self._report.event("stream_failed", stream=swept.stream, shard=swept.shard, error=swept.error)
        else:
            self._report.event(
                "sweep_finished", stream=swept.stream, shard=swept.shard, watermark=swept.watermark
            )
        finally:
            swept.seconds = round(time.monotonic() - started, 3)
            self._tools.leases.release(lease)

    def _take_leases(self, works: Sequence[Work], if_held: IfHeld) -> list[tuple[Work, Lease]]:
        taken: list[tuple[Work, Lease]] = []
        for work in works:
            name = lease_name(self._tools.source.name, work.stream.name, work.shard)
            try:
                taken.append((work, self._tools.leases.take(name)))
            except LeaseHeldError as held:
                if if_held is IfHeld.FAIL:
                    raise
                self._result.skipped.append(work.name)
                self._report.event(
                    "stream_skipped", stream=work.stream.name, shard=work.shard, reason=str(held)
                )
        return taken

    def _tell_retry(self, error: ExtractError, wait: float) -> None:
        self._report.event("retry", error=str(error), wait_seconds=round(wait, 3))

    def _tell_lost(self, error: str) -> None:
        self._report.event("database_lost", error=error)


def _of_part(work: Work, error: ExtractError) -> ExtractError:
    """`error` with the part that it is about, since a URL does not tell which."""
    return type(error)(f"{work.name}: {error}") if work.part.name else error

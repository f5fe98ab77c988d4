"""Runs a source: takes the leases, sweeps streams or windows side by side, and writes down how it ended."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from functools import partial
from uuid import UUID, uuid4

import httpx
import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from extract import ledger
from extract.budget import budget_of
from extract.database import database_errors
from extract.errors import (
    BadAnswerError,
    ConfigurationError,
    Exit,
    ExtractError,
    LeaseHeldError,
    OutOfBalanceError,
    SchemaChangedError,
    Stopped,
    StreamUnreachableError,
    TooManyDeadLettersError,
    one_line,
)
from extract.lease import Lease, Leases
from extract.ledger import lease_name
from extract.loader import Loader
from extract.memory import peak_memory_bytes
from extract.migrate import pending
from extract.persist import Patience
from extract.report import Reporter, reporter
from extract.rest import RestClient
from extract.settings import Settings
from extract.side_by_side import side_by_side
from extract.source import Source, Stream
from extract.sweep import sweep_stream
from extract.sweep_tools import SweepResult, SweepTools, Work
from extract.traffic import Traffic

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


@dataclass(slots=True)
class RunResult:
    """How a run went. `error` is the first stream's error, `skipped` the streams that another run held."""

    run_id: UUID
    source: str
    status: ledger.RunStatus = "done"
    exit_code: int = Exit.DONE
    error: str | None = None
    seconds: float = 0.0
    peak_memory_bytes: int = 0
    traffic: Traffic = field(default_factory=Traffic)
    streams: list[SweepResult] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def chosen_streams(source: Source, settings: Settings, named: Sequence[str]) -> tuple[Stream, ...]:
    """The streams to run: those named, else the configured ones, else all; in the order they are declared.

    Raises ConfigurationError for a name that is not a stream's.
    """
    names = named or settings.source(source).streams or source.stream_names
    for name in names:
        if name not in source.stream_names:
            raise ConfigurationError(
                f"{source.name} has no stream {name!r}; its streams: {', '.join(source.stream_names)}"
            )
    return tuple(stream for stream in source.streams if stream.name in names)


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
    return _recorded(
        pool, settings, source, "run", transport=transport, action=lambda run: run.run(streams, if_held)
    )


def backfill_source(
    pool: ConnectionPool,
    settings: Settings,
    source: Source,
    works: Sequence[Work],
    *,
    transport: httpx.BaseTransport | None = None,
) -> RunResult:
    """Loads the windows of `works`, as `run_source` does its streams; no cursor moves."""
    return _recorded(
        pool, settings, source, "backfill", transport=transport, action=lambda run: run.backfill(works)
    )


def _recorded(
    pool: ConnectionPool,
    settings: Settings,
    source: Source,
    command: str,
    *,
    transport: httpx.BaseTransport | None,
    action: Callable[["_Run"], None],
) -> RunResult:
    """A run in the ledger and in the log, from its start to its end, whatever that is."""
    result = RunResult(uuid4(), source.name)
    started = time.monotonic()
    with reporter(run_id=str(result.run_id), source=source.name) as report:
        try:
            with database_errors(), pool.connection() as connection:
                ledger.start_run(connection, result.run_id, source.name, command)
            report.event("run_started", command=command)
            action(_Run(pool, settings, source, report=report, result=result, transport=transport))
        except ExtractError as error:
            _failed(result, error)
        except Stopped as stop:
            result.status, result.exit_code, result.error = "stopped", stop.exit_code, str(stop)
            raise
        except Exception as error:
            _failed(result, ExtractError(f"unexpected {type(error).__name__}: {one_line(str(error))}"))
            raise
        finally:
            result.seconds = round(time.monotonic() - started, 3)
            result.peak_memory_bytes = peak_memory_bytes()
            _write_down(pool, result)
            _tell_end(report, result)
    return result


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
            budget=budget_of(source, section.budget, pool),
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
        """Sweeps streams side by side. All leases are taken first: a run that lacks one leaves at once."""
        with self._tools.client, self._tools.leases.kept():
            with database_errors():
                taken = self._take_leases([Work(stream) for stream in streams], if_held)
            self._side_by_side([partial(self._sweep_one, work, lease) for work, lease in taken])
        if self._result.skipped and not taken:
            self._result.status = "skipped"

    def backfill(self, works: Sequence[Work]) -> None:
        """Sweeps windows side by side, those that another run holds left to it."""
        with self._tools.client, self._tools.leases.kept():
            self._side_by_side([partial(self._sweep_if_free, work) for work in works])

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
                _failed(self._result, error)
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
                self._result.skipped.append(work.shard or work.stream.name)
                self._report.event("stream_skipped", stream=work.stream.name, reason=str(held))
        return taken

    def _tell_retry(self, error: ExtractError, wait: float) -> None:
        self._report.event("retry", error=str(error), wait_seconds=round(wait, 3))

    def _tell_lost(self, error: str) -> None:
        self._report.event("database_lost", error=error)


def _failed(result: RunResult, error: ExtractError) -> None:
    """Keeps the first error; of several exit codes the smallest, since 75 and 76 invite to try again."""
    if result.status == "failed":
        result.exit_code = min(result.exit_code, error.exit_code)
        return
    result.status, result.exit_code, result.error = "failed", error.exit_code, str(error)


def _write_down(pool: ConnectionPool, result: RunResult) -> None:
    """Completes the run's row; where the database is away, the exit code and the log line still tell."""
    with suppress(psycopg.Error, PoolTimeout), pool.connection(timeout=5) as connection:
        ledger.end_run(
            connection,
            result.run_id,
            status=result.status,
            exit_code=result.exit_code,
            error=result.error,
            traffic=result.traffic,
        )


def _tell_end(report: Reporter, result: RunResult) -> None:
    fields = asdict(result)
    del fields["run_id"], fields["source"]
    report.event(f"run_{result.status}", **fields)

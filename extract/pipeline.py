"""Runs a source: takes the leases, sweeps stream by stream, and writes down how it ended."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from uuid import UUID, uuid4

import httpx
import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from extract import ledger
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
    one_line,
)
from extract.lease import Lease, Leases
from extract.ledger import lease_name
from extract.load import Loader
from extract.memory import peak_memory_bytes
from extract.migrate import pending
from extract.report import Reporter, reporter
from extract.rest import RestClient, Traffic
from extract.settings import Settings
from extract.source import Source, Stream
from extract.sweep import SweepResult, SweepTools, sweep_stream


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
    """Runs `streams` of `source` one after another and returns how it went; errors are in the result.

    `transport` replaces the network. Raises Stopped for a signal, after the run's row says so.
    """
    result = RunResult(uuid4(), source.name)
    started = time.monotonic()
    with reporter(run_id=str(result.run_id), source=source.name) as report:
        try:
            with database_errors(), pool.connection() as connection:
                ledger.start_run(connection, result.run_id, source.name, "run")
            report.event("run_started", streams=[stream.name for stream in streams])
            run = _Run(pool, settings, source, report=report, result=result, if_held=if_held)
            run.sweep(streams, transport)
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
        if_held: IfHeld,
    ) -> None:
        self._pool = pool
        self._settings = settings
        self._source = source
        self._report = report
        self._result = result
        self._if_held = if_held
        self._leases = Leases(pool, result.run_id, settings.lease)

    def sweep(self, streams: Sequence[Stream], transport: httpx.BaseTransport | None) -> None:
        section = self._settings.source(self._source)
        client = RestClient(
            self._source.name,
            section.base_url,
            self._settings.http,
            on_retry=self._tell_retry,
            transport=transport,
        )
        self._result.traffic = client.traffic
        tools = SweepTools(
            run_id=self._result.run_id,
            pool=self._pool,
            client=client,
            loader=Loader(self._pool),
            leases=self._leases,
            report=self._report,
            settings=section,
            load=self._settings.load,
            http=self._settings.http,
            drift=self._settings.drift,
        )
        with client, self._leases.kept():
            with database_errors():
                taken = self._take_leases(streams)
            for stream, lease in taken:
                self._sweep_one(tools, stream, lease)
                self._leases.release(lease)
        if self._result.skipped and not taken:
            self._result.status = "skipped"

    def _sweep_one(self, tools: SweepTools, stream: Stream, lease: Lease) -> None:
        """One stream; where it alone is to blame for an error, the others go on."""
        swept = SweepResult(stream.name)
        self._result.streams.append(swept)
        started = time.monotonic()
        try:
            sweep_stream(tools, self._source, stream, lease, swept)
        except (BadAnswerError, OutOfBalanceError, SchemaChangedError, StreamUnreachableError) as error:
            swept.error = str(error)
            _failed(self._result, error)
            self._report.event("stream_failed", stream=stream.name, error=swept.error)
        else:
            self._report.event("sweep_finished", stream=stream.name, watermark=swept.watermark)
        finally:
            swept.seconds = round(time.monotonic() - started, 3)

    def _take_leases(self, streams: Sequence[Stream]) -> list[tuple[Stream, Lease]]:
        """All leases at the start, so that a run that cannot have one leaves at once, having done nothing."""
        taken: list[tuple[Stream, Lease]] = []
        for stream in streams:
            try:
                taken.append((stream, self._leases.take(lease_name(self._source.name, stream.name))))
            except LeaseHeldError as held:
                if self._if_held is IfHeld.FAIL:
                    raise
                self._result.skipped.append(stream.name)
                self._report.event("stream_skipped", stream=stream.name, reason=str(held))
        return taken

    def _tell_retry(self, error: ExtractError, wait: float) -> None:
        self._report.event("retry", error=str(error), wait_seconds=round(wait, 3))


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

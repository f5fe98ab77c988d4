"""How a run went, in the ledger and in the log, from its start to its end, whatever that is."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from uuid import UUID, uuid4

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from extract import ledger, log
from extract.database import database_errors
from extract.errors import Exit, ExtractError, Stopped, one_line
from extract.memory import peak_memory_bytes
from extract.processor import cpu_seconds
from extract.report import Reporter, reporter
from extract.sweep_tools import SweepResult
from extract.traffic import Traffic


@dataclass(slots=True)
class RunResult:
    """How a run went. `error` is the first stream's error, `skipped` the streams that another run held."""

    run_id: UUID
    source: str
    status: ledger.RunStatus = "done"
    exit_code: int = Exit.DONE
    error: str | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0
    traffic: Traffic = field(default_factory=Traffic)
    streams: list[SweepResult] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def fail(self, error: ExtractError) -> None:
        """Keeps the first error; of several exit codes the smallest, since 75 and 76 invite to try again."""
        if self.status == "failed":
            self.exit_code = min(self.exit_code, error.exit_code)
            return
        self.status, self.exit_code, self.error = "failed", error.exit_code, str(error)


def recorded(
    pool: ConnectionPool, source: str, command: str, action: Callable[[RunResult, Reporter], None]
) -> RunResult:
    """Does `action` as a run of `command`; errors are in the result.

    Raises Stopped for a signal, and what is no ExtractError, after the run's row says so.
    """
    result = RunResult(uuid4(), source)
    log.name_run(str(result.run_id))
    started, cpu_from = time.monotonic(), cpu_seconds()
    with reporter(run_id=str(result.run_id), source=source) as report:
        try:
            with database_errors(), pool.connection() as connection:
                ledger.start_run(connection, result.run_id, source, command)
            report.event("run_started", command=command)
            action(result, report)
        except ExtractError as error:
            result.fail(error)
        except Stopped as stop:
            result.status, result.exit_code, result.error = "stopped", stop.exit_code, str(stop)
            raise
        except Exception as error:
            result.fail(ExtractError(f"unexpected {type(error).__name__}: {one_line(str(error))}"))
            raise
        finally:
            result.seconds = round(time.monotonic() - started, 3)
            result.cpu_seconds = round(cpu_seconds() - cpu_from, 3)
            result.peak_memory_bytes = peak_memory_bytes()
            _write_down(pool, result, cpu_from)
            _tell_end(report, result)
    return result


def _write_down(pool: ConnectionPool, result: RunResult, cpu_from: float) -> None:
    """Completes the run's row; where the database is away, the exit code and the log line still tell."""
    with suppress(psycopg.Error, PoolTimeout), pool.connection(timeout=5) as connection:
        ledger.end_run(
            connection,
            result.run_id,
            status=result.status,
            exit_code=result.exit_code,
            error=result.error,
            traffic=result.traffic,
            cpu_from=cpu_from,
        )


def _tell_end(report: Reporter, result: RunResult) -> None:
    fields = asdict(result)
    del fields["run_id"], fields["source"]
    report.event(f"run_{result.status}", **fields)

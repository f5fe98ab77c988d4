"""One build: dbt in this process, another's lease waited for, its end in the ledger and in the log."""

import time
from collections import Counter
from contextlib import closing, suppress
from uuid import uuid4

from dbt.cli.main import dbtRunner

from extract.database import database_errors
from extract.dbt_build.ledger import LEDGER_ERRORS, BuildLedger
from extract.dbt_build.listener import Listener, heard_late
from extract.dbt_build.outcome import BuildHeldError, error_of
from extract.dbt_build.places import Places, find_places
from extract.dbt_build.request import IfHeld, Request
from extract.dbt_build.stopping import Stopping, ended_on_signal
from extract.errors import Exit, ExtractError, Stopped, one_line
from extract.memory import peak_memory_bytes
from extract.processor import cpu_seconds
from extract.report import Reporter
from extract.settings import Settings

_SECONDS_TO_END = 5.0


def build(request: Request, settings: Settings, report: Reporter, if_held: IfHeld) -> None:
    """Builds and tests what `request` selects; with `IfHeld.SKIP` perhaps not.

    Raises ConfigurationError for what trying again does not mend, UnreachableError where the database is away,
    BuildHeldError where another build holds the lease for longer than [build] wait_seconds, ExtractError where
    models or tests failed, and Stopped for a signal, when no session of the build is left.
    """
    places = find_places()
    with database_errors(), closing(BuildLedger(settings.database)) as ledger:
        ledger.prepare(settings)
        deadline = time.monotonic() + settings.build.wait_seconds
        while True:
            attempt = _Attempt(request, places, ledger, report)
            error = attempt.run()
            if error is None:
                return
            if isinstance(error, BuildHeldError) and if_held is IfHeld.SKIP:
                report.event("build_skipped", reason=str(error))
                return
            may_wait = if_held is IfHeld.WAIT and time.monotonic() < deadline
            if not isinstance(error, BuildHeldError) or not may_wait:
                attempt.finish("failed", error.exit_code, str(error))
                raise error
            report.event("build_waiting", reason=str(error))
            ledger.wait_for_end(error.invocation_id, deadline)


class _Attempt:
    """One invocation of dbt."""

    def __init__(self, request: Request, places: Places, ledger: BuildLedger, report: Reporter) -> None:
        self._request = request
        self._places = places
        self._ledger = ledger
        self._report = report
        self._began, self._cpu_from = time.monotonic(), cpu_seconds()
        self._stopping = Stopping()
        self._listener = Listener(report, ledger, self._stopping)

    def run(self) -> ExtractError | None:
        """What went wrong, or None after a build in order. Raises Stopped, and what nobody expects."""
        try:
            error = self._run()
        except Stopped as stop:
            self.finish("stopped", stop.exit_code, str(stop))
            raise
        except Exception as unexpected:
            told = f"unexpected {type(unexpected).__name__}: {one_line(str(unexpected))}"
            self.finish("failed", Exit.FAILED, told)
            raise
        if error is None:
            self.finish("done", Exit.DONE, None)
        return error

    def finish(self, status: str, exit_code: int, error: str | None) -> None:
        """Ends what is left in the database, then says in the ledger and in the log how it went.

        Where the database is away, exit code and log still tell, and the lease falls to the next build.
        """
        listener = self._listener
        with suppress(*LEDGER_ERRORS):
            deadline = time.monotonic() + _SECONDS_TO_END
            while self._end_sessions() and time.monotonic() < deadline:
                time.sleep(0.1)
        unwritten = listener.flush()
        cpu = cpu_seconds() - self._cpu_from
        try:
            invocation_id = listener.invocation_id or str(uuid4())
            self._ledger.end(invocation_id, self._request, exit_code=exit_code, error=error, cpu=cpu)
        except LEDGER_ERRORS:
            unwritten += 1
        results = listener.results.values()
        self._report.event(
            f"build_{status}",
            invocation_id=listener.invocation_id,
            exit_code=int(exit_code),
            error=error,
            seconds=round(time.monotonic() - self._began, 1),
            nodes=dict(Counter(f"{result.resource_type} {result.status}" for result in results)),
            failed=[result.name for result in results if result.is_broken],
            unwritten=unwritten,
            cpu_seconds=round(cpu, 3),
            peak_memory_bytes=peak_memory_bytes(),
        )

    def _run(self) -> ExtractError | None:
        with ended_on_signal(self._stopping, self._end_sessions_quietly):
            done = dbtRunner(callbacks=[self._listener]).invoke(self._request.arguments(self._places))
            for result in heard_late(getattr(done.result, "results", ())):
                self._listener.note(result)
        # dbt passes the interruption on, or fails in another way by the sessions that were ended.
        self._stopping.raise_if_stopped()
        return error_of(done.exception, list(self._listener.results.values()))

    def _end_sessions(self) -> int:
        invocation_id = self._listener.invocation_id
        return self._ledger.terminate_sessions(invocation_id) if invocation_id else 0

    def _end_sessions_quietly(self) -> None:
        with suppress(*LEDGER_ERRORS):
            self._end_sessions()

"""`extract audit`: whether the books balance (invariant 5), over everything in the ledger. Changes nothing.

Each look is one statement, so that it sees one moment, whatever commits beside it.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import uuid4

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from extract import audit_ledger, ledger
from extract.audit_raw import look_at_raw
from extract.errors import Exit, ExtractError, OutOfBalanceError, Stopped
from extract.finding import Finding
from extract.processor import cpu_seconds

Conn = Connection[TupleRow]


@dataclass(slots=True)
class Audit:
    """What was looked at of one source, and what was found."""

    source: str
    sweeps: int = 0
    loads: int = 0
    records: int = 0
    archived_records: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def broken(self) -> int:
        """Findings that break the books; the others are notices."""
        return sum(finding.breaks_books for finding in self.findings)

    def __str__(self) -> str:
        archived = f", {self.archived_records:,} of them in the archive" if self.archived_records else ""
        return (
            f"{self.source}: {self.sweeps:,} sweeps, {self.loads:,} loads, {self.records:,} records{archived}: "
            + (f"{self.broken} of the books do not balance" if self.broken else "the books balance")
        )


def ledgered_sources(connection: Conn) -> list[str]:
    """Names of all sources that ever loaded anything, declared still or not."""
    return [row[0] for row in connection.execute("select distinct source from ops.sweeps order by 1")]


def audit_source(connection: Conn, source: str, streams: Iterable[str], tell: Callable[[str], None]) -> Audit:
    """Audits the ledger of `source` and the raw tables of `streams` and of all streams it ever had.

    `connection` is an autocommit one of role maintainer; `tell` hears what is looked at next. The result is written
    to ops.runs as a run of its own. Raises ExtractError and psycopg.Error, after the run's row says so.
    """
    run_id, cpu_from = uuid4(), cpu_seconds()
    ledger.start_run(connection, run_id, source, "audit")
    try:
        audit = _look(connection, source, streams, tell)
    except (ExtractError, psycopg.Error, Stopped) as error:
        told = f"{type(error).__name__}: {error}" if isinstance(error, psycopg.Error) else str(error)
        code = error.exit_code if isinstance(error, ExtractError | Stopped) else Exit.FAILED
        with suppress(psycopg.Error):
            status: ledger.RunStatus = "stopped" if isinstance(error, Stopped) else "failed"
            ledger.end_run(
                connection,
                run_id,
                status=status,
                exit_code=code,
                error=told,
                traffic=None,
                cpu_from=cpu_from,
            )
        raise
    error_told = str(OutOfBalanceError(_worst(audit.findings).what)) if audit.broken else None
    ledger.end_run(
        connection,
        run_id,
        status="failed" if audit.broken else "done",
        exit_code=Exit.FAILED if audit.broken else Exit.DONE,
        error=error_told,
        traffic=None,
        cpu_from=cpu_from,
    )
    return audit


def _look(connection: Conn, source: str, streams: Iterable[str], tell: Callable[[str], None]) -> Audit:
    tell(f"{source}: the ledger")
    audit = Audit(source)
    audit.sweeps, audit.loads, audit.records = audit_ledger.totals(connection, source)
    for look in audit_ledger.LOOKS:
        audit.findings += look(connection, source)
    for stream in sorted({*streams, *audit_ledger.streams(connection, source)}):
        tell(f"{source}: raw records of {stream}")
        findings, archived = look_at_raw(connection, source, stream)
        audit.findings += findings
        audit.archived_records += archived
    return audit


def _worst(findings: Sequence[Finding]) -> Finding:
    return next(finding for finding in findings if finding.breaks_books)

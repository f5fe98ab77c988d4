"""One sweep of one stream, or of a window of it: begun or resumed, and marked as failed where it stands."""

import contextlib
from collections.abc import Sequence

import psycopg
from psycopg_pool import PoolTimeout

from extract import ledger
from extract.database import database_errors
from extract.errors import Cancelled, ExtractError, LeaseHeldError
from extract.lease import Lease
from extract.ledger import Conn, Sweep
from extract.schema_drift import SchemaChange, changed_shape, tell_drift
from extract.sweep_loop import SweepLoop
from extract.sweep_tools import SweepResult, SweepTools, Work


def sweep_stream(tools: SweepTools, work: Work, lease: Lease, result: SweepResult) -> None:
    """Sweeps to the end, counting into `result`; what was committed before an error stays committed.

    Raises BadAnswerError, UnreachableError, ConfigurationError, OutOfBalanceError, the sweep then being marked
    as failed where it stands; SchemaChangedError after a sweep that has finished; LeaseHeldError, and Cancelled
    where the run is told to stop.
    """
    with database_errors():
        previous, sweep = tools.patience.run(lambda connection: _begin(connection, tools, work))
    result.resumed = sweep.resumed
    tools.report.event("sweep_started", **sweep.names(), resumed=sweep.resumed, since=sweep.position.since)
    try:
        with database_errors():
            SweepLoop(tools, work, lease=lease, sweep=sweep, previous=previous, result=result).run()
            changes = tools.patience.run(lambda connection: _changed_shape(connection, tools, work, sweep))
            tell_drift(tools.report, work.stream, sweep, changes)
    except (LeaseHeldError, Cancelled):
        raise  # whoever took over is sweeping it now, or the next run will
    except ExtractError:
        with contextlib.suppress(psycopg.Error, PoolTimeout, ExtractError):
            tools.patience.run(lambda connection: ledger.fail_sweep(connection, sweep.sweep_id))
        raise


def _begin(connection: Conn, tools: SweepTools, work: Work) -> tuple[str | None, Sweep]:
    """The part's watermark, and its unfinished sweep or else a new one."""
    source, stream, window = tools.source.name, work.stream, work.window
    previous = None if window else ledger.watermark(connection, source, stream.name, work.part.name)
    sweep = ledger.unfinished_sweep(connection, source, stream.name, work.shard)
    if sweep is None:
        sweep = ledger.begin_sweep(
            connection,
            tools.run_id,
            source=source,
            stream=stream.name,
            kind=work.kind,
            since=window.since if window else work.since(previous, tools.section),
            until=window.until if window else None,
            shard=work.shard,
            part=work.part.name,
        )
    return previous, sweep


def _changed_shape(connection: Conn, tools: SweepTools, work: Work, sweep: Sweep) -> Sequence[SchemaChange]:
    return changed_shape(
        connection,
        tools.settings.drift,
        sweep,
        run_id=tools.run_id,
        table=tools.source.raw_table(work.stream),
    )

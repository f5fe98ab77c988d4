"""`extract dead-letters replay`: tries open dead letters again, in one new load for each load that left some."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from extract import ledger
from extract.database import database_errors
from extract.dead_letter_queue import loads_with_open_letters, open_letters_of
from extract.errors import Exit, ExtractError, LeaseHeldError, Stopped, one_line
from extract.lease import Lease, Leases
from extract.ledger import Position, Sweep, lease_name
from extract.load import Load
from extract.loader import Loader
from extract.settings import Settings
from extract.source import Source, Stream
from extract.trial import Tried, try_letters

# A replay is a sweep of its own beside those that ask the API: it never waits for them.
SHARD = "replay"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to replay: these letters only (None: all), repaired where that helps, or as somebody mended them.

    `mended` maps ids to the records to be loaded instead; the letters it names are then the only ones tried.
    """

    ids: Sequence[int] | None = None
    repair: bool = False
    mended: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def only(self) -> Sequence[int] | None:
        return list(self.mended) or self.ids


@dataclass(slots=True)
class ReplayResult:
    """How a replay went. `still_open` maps letters to why; `new_letters` came out of pages that could be read."""

    run_id: UUID
    replayed: int = 0
    records: int = 0
    loads: int = 0
    new_letters: int = 0
    still_open: dict[int, str] = field(default_factory=dict)
    status: ledger.RunStatus = "done"
    exit_code: int = Exit.DONE
    error: str | None = None

    def fail(self, error: str, exit_code: int) -> None:
        """Ends the replay as failed."""
        self.status, self.error, self.exit_code = "failed", error, exit_code


def replay(
    pool: ConnectionPool, settings: Settings, source: Source, streams: Sequence[Stream], wanted: Wanted
) -> ReplayResult:
    """Tries the open letters of `streams` again and returns how it went; errors are in the result.

    A load's letters become rows, and are marked as replayed, in one transaction. Raises Stopped for a signal,
    after the run's row says so.
    """
    result = ReplayResult(uuid4())
    try:
        with database_errors():
            with pool.connection() as connection:
                ledger.start_run(connection, result.run_id, source.name, "replay")
            _replay(pool, settings, source, streams=streams, wanted=wanted, result=result)
        if left := len(result.still_open) + result.new_letters:
            result.fail(f"{left} dead letters stay open", Exit.FAILED)
    except ExtractError as error:
        result.fail(str(error), error.exit_code)
    except Stopped as stop:
        result.status, result.exit_code, result.error = "stopped", stop.exit_code, str(stop)
        raise
    except Exception as error:
        result.fail(f"unexpected {type(error).__name__}: {one_line(str(error))}", Exit.FAILED)
        raise
    finally:
        _write_down(pool, result)
    return result


def _replay(
    pool: ConnectionPool,
    settings: Settings,
    source: Source,
    *,
    streams: Sequence[Stream],
    wanted: Wanted,
    result: ReplayResult,
) -> None:
    leases = Leases(pool, result.run_id, settings.lease)
    with leases.kept():
        taken = [(stream, leases.take(lease_name(source.name, stream.name, SHARD))) for stream in streams]
        for stream, lease in taken:
            _Replay(
                pool,
                settings,
                leases,
                lease=lease,
                source=source,
                stream=stream,
                wanted=wanted,
                result=result,
            ).run()
            leases.release(lease)


class _Replay:
    """The replay of one stream."""

    def __init__(
        self,
        pool: ConnectionPool,
        settings: Settings,
        leases: Leases,
        *,
        lease: Lease,
        source: Source,
        stream: Stream,
        wanted: Wanted,
        result: ReplayResult,
    ) -> None:
        self._pool = pool
        self._page_size = settings.source(source).page_size
        self._max_record_bytes = settings.load.max_record_bytes
        self._leases = leases
        self._lease = lease
        self._source = source
        self._stream = stream
        self._wanted = wanted
        self._result = result
        self._loader = Loader(pool)

    def run(self) -> None:
        name, stream = self._source.name, self._stream.name
        with self._pool.connection() as connection:
            mended = loads_with_open_letters(connection, name, stream, self._wanted.only)
            if not mended:
                return
            sweep = ledger.unfinished_sweep(connection, name, stream, SHARD) or ledger.begin_sweep(
                connection,
                self._result.run_id,
                source=name,
                stream=stream,
                kind="replay",
                since=None,
                shard=SHARD,
            )
        try:
            for load_id in mended:
                self._leases.assert_held(self._lease)
                self._mend(sweep, load_id)
        except LeaseHeldError:
            raise  # whoever took over goes on with the sweep
        except (ExtractError, psycopg.Error):
            with suppress(psycopg.Error, PoolTimeout), self._pool.connection(timeout=5) as connection:
                ledger.fail_sweep(connection, sweep.sweep_id)
            raise
        with self._pool.connection() as connection:
            ledger.finish_sweep(connection, sweep.sweep_id)

    def _mend(self, sweep: Sweep, load_id: int) -> None:
        with self._pool.connection() as connection:
            letters = open_letters_of(connection, load_id, self._stream.name, self._wanted.only)
            tried = try_letters(
                connection,
                self._stream,
                letters,
                repairs=self._wanted.repair,
                mended=self._wanted.mended,
                page_size=self._page_size,
                max_record_bytes=self._max_record_bytes,
            )
        self._result.still_open.update(tried.refused)
        if tried.pages:
            self._commit(sweep, load_id, tried)

    def _commit(self, sweep: Sweep, load_id: int, tried: Tried) -> None:
        """No finished sweep of a full list: what a replay lacks has not been deleted."""
        loaded = self._loader.commit(
            Load(
                run_id=self._result.run_id,
                sweep=sweep,
                table=self._source.raw_table(self._stream),
                context=None,
                pages=list(tried.pages.values()),
                position=Position(),
                watermark=None,
                finishes=False,
                replays_load_id=load_id,
                mends=list(tried.pages),
            ),
            self._lease,
        )
        self._result.loads += 1
        self._result.replayed += len(tried.pages)
        self._result.records += loaded.records
        self._result.new_letters += loaded.dead_letters


def _write_down(pool: ConnectionPool, result: ReplayResult) -> None:
    """Completes the run's row; where the database is away, the exit code and the line on stderr still tell."""
    with suppress(psycopg.Error, PoolTimeout), pool.connection(timeout=5) as connection:
        ledger.end_run(
            connection,
            result.run_id,
            status=result.status,
            exit_code=result.exit_code,
            error=result.error,
            traffic=None,
        )

"""Builds in ops.*: what came of their nodes, how they ended, who holds a lease, and which sessions are theirs."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from extract.database import connect
from extract.dbt_build.node_result import NodeResult
from extract.dbt_build.request import Request
from extract.errors import ConfigurationError, ExtractError
from extract.expectations import write_expectations
from extract.memory import peak_memory_bytes
from extract.migrate import pending
from extract.provenance import image, revision
from extract.settings import DatabaseSettings, Settings

_RESULT = """
    insert into ops.dbt_results
        (invocation_id, node_id, resource_type, status, seconds, rows_affected, failures, message)
    values (%s, %s, %s, %s, %s, %s, %s, %s)
    on conflict (invocation_id, node_id) do nothing
"""
# From here on the build is seen to be alive by this connection, not by dbt's.
_NAME = """
    update ops.builds
    set session = current_setting('application_name'), host = %s, image = %s, revision = %s
    where invocation_id = %s
"""
_END = """
    insert into ops.builds as known (
        invocation_id, command, selector, target, load_order, take_id, ended_at, exit_code, error, host, image,
        revision, cpu_seconds, peak_memory_bytes
    )
    values (%s, %s, %s, %s, 0, 0, clock_timestamp(), %s, %s, %s, %s, %s, %s, %s)
    on conflict (invocation_id) do update set
        command = excluded.command, selector = excluded.selector, session = excluded.session,
        ended_at = excluded.ended_at, exit_code = excluded.exit_code, error = excluded.error,
        host = excluded.host, image = excluded.image, revision = excluded.revision,
        cpu_seconds = excluded.cpu_seconds, peak_memory_bytes = excluded.peak_memory_bytes,
        wal_bytes = pg_wal_lsn_diff(pg_current_wal_insert_lsn(), known.wal_from),
        temp_bytes = greatest(ops.temp_bytes() - known.temp_from, 0)
"""
_LOOKS = 3


class BuildLedger:
    """One connection as role transformer, shared by threads, and opened anew where it was lost."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._settings = settings
        self._connection = self._connect(settings)
        self._guard = threading.Lock()

    def close(self) -> None:
        self._connection.close()

    def prepare(self, settings: Settings) -> None:
        """Writes down what is expected of pipelines. Raises ConfigurationError where the database lacks a migration."""
        with self._connected() as connection:
            lacking = pending(connection)
        if lacking:
            raise ConfigurationError(f"the database lacks {', '.join(lacking)}: run `extract init`")
        with self._connected() as connection:
            write_expectations(connection, settings)

    def write(self, invocation_id: str, results: Sequence[NodeResult]) -> None:
        """Notes what came of nodes; what is there already stays. Raises psycopg.Error or ExtractError."""
        rows = [
            (
                invocation_id,
                result.node_id,
                result.resource_type,
                result.status,
                round(result.seconds, 3),
                result.rows_affected,
                result.failures,
                result.message[:2000],
            )
            for result in results
        ]
        with self._connected() as connection, connection.cursor() as cursor:
            cursor.executemany(_RESULT, rows)

    def name(self, invocation_id: str) -> None:
        """Notes whose build it is, once dbt has written its row. Raises psycopg.Error or ExtractError."""
        with self._connected() as connection:
            connection.execute(_NAME, [socket.gethostname(), image(), revision(), invocation_id])

    def end(
        self, invocation_id: str, request: Request, *, exit_code: int, error: str | None, cpu: float
    ) -> None:
        """Notes how a build has ended after `cpu` seconds of processor time, and lets others have its lease."""
        values = [invocation_id, request.command, request.pipeline, request.target, exit_code, error]
        used = [socket.gethostname(), image(), revision(), round(cpu, 3), peak_memory_bytes()]
        with self._connected() as connection:
            connection.execute("delete from ops.build_leases where invocation_id = %s", [invocation_id])
            connection.execute(_END, [*values, *used])

    def terminate_sessions(self, invocation_id: str) -> int:
        """Ends the build's sessions in the database, whatever they are at. Returns how many there were."""
        with self._connected() as connection:
            return connection.execute(
                "select pg_terminate_backend(pid) from ops.build_sessions(%s) as pid", [invocation_id]
            ).rowcount

    def wait_for_end(self, invocation_id: str, deadline: float) -> None:
        """Returns when the build holds no lease, was not seen for some seconds, or at `deadline` (monotonic)."""
        unseen = 0
        while unseen < _LOOKS and time.monotonic() < deadline:
            time.sleep(1)
            with self._connected() as connection:
                row = connection.execute(
                    """
                    select
                        exists (select from ops.build_leases where invocation_id = %(id)s),
                        exists (select from ops.build_sessions(%(id)s))
                    """,
                    {"id": invocation_id},
                ).fetchone()
            holds, is_seen = row or (False, False)
            if not holds:
                return
            unseen = 0 if is_seen else unseen + 1

    @contextmanager
    def _connected(self) -> Iterator[Connection[TupleRow]]:
        with self._guard:
            if self._connection.closed:
                self._connection = self._connect(self._settings.model_copy(update={"attempts": 1}))
            yield self._connection

    @staticmethod
    def _connect(settings: DatabaseSettings) -> Connection[TupleRow]:
        connection = connect(settings=settings)
        # A build that is told to end must not wait for its ledger.
        connection.execute("set statement_timeout = '5s'")
        return connection


# What a database that is away, or refuses, raises here.
LEDGER_ERRORS = (psycopg.Error, ExtractError)

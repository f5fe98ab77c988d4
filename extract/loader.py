"""Commits loads: again record by record where raw refuses some, and again after a lost connection."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from extract.dead_letters import DATA_ERRORS, unfit_records
from extract.lease import Lease
from extract.load import Load, Loaded, LoadedPage
from extract.load_transaction import Begun, begin, commit, committed
from extract.persist import Patience

Conn = Connection[TupleRow]


class Loader:
    """Commits loads. May be used by several threads, each with a load of its own."""

    def __init__(self, pool: ConnectionPool, patience: Patience | None = None) -> None:
        self._patience = patience or Patience(pool, 0, threading.Event())
        self._partitions: set[tuple[str, date]] = set()
        self._busy: set[Conn] = set()

    def commit(self, load: Load, lease: Lease) -> Loaded:
        """Commits `load`. Where raw refuses some of its records, they become dead letters.

        Where the connection is lost, it looks with a new one whether the load was committed, and does it
        again if not. Raises LeaseHeldError where the lease has been taken over, OutOfBalanceError where the
        books do not balance, LettersChangedError where a letter it mends is no longer open, UnreachableError
        where the database stays away; nothing is committed then.
        """
        begun: Begun | None = None

        def attempt(connection: Conn) -> Loaded:
            nonlocal begun
            if begun is not None:
                load.settle()
                with connection.transaction():
                    # A backend that is still committing holds the lease's row: after this it is done or gone.
                    lease.fence(connection)
                    done = committed(connection, begun.load_id)
                if done is not None:
                    return done
            with self._known_as_busy(connection):
                begun = begin(connection)
                self._ensure_partition(connection, load.table, begun.day)
                try:
                    return commit(connection, load, lease, begun)
                except DATA_ERRORS:
                    load.settle()
                    if not _mark_unfit(connection, load.pages):
                        raise
                return commit(connection, load, lease, begun)

        return self._patience.run(attempt)

    def cancel(self) -> None:
        """Cancels what the loads under way are doing in Postgres; called from another thread."""
        for connection in tuple(self._busy):
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=3)

    @contextmanager
    def _known_as_busy(self, connection: Conn) -> Iterator[None]:
        self._busy.add(connection)
        try:
            yield
        finally:
            self._busy.discard(connection)

    def _ensure_partition(self, connection: Conn, table: str, day: date) -> None:
        if (table, day) not in self._partitions:
            connection.execute("select ops.ensure_partition(%s, %s)", [table, day])
            self._partitions.add((table, day))


def _mark_unfit(connection: Conn, pages: Sequence[LoadedPage]) -> bool:
    """Adds to each page's broken records those that jsonb refuses. False where there are none."""
    found = False
    for page in pages:
        unfit = unfit_records(connection, page.records)
        new = {position: reason for position, reason in unfit.items() if position not in page.broken}
        page.broken.update(new)
        found = found or bool(new)
    return found

"""Going on after the database went away: a restart, a failover, a killed backend."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from extract.errors import Cancelled, UnreachableError, one_line

T = TypeVar("T")
Conn = Connection[TupleRow]

_CONTENTION = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.LockNotAvailable,
)


def is_lost(error: Exception) -> bool:
    """Whether an error tells of a connection that is gone, not of a statement that failed."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, psycopg.OperationalError):
        return False
    state = error.sqlstate
    return state is None or state.startswith(("08", "57P"))


class Patience:
    """How long to wait for a database that went away, and whom to tell.

    `stop` ends a wait with Cancelled; `tell` hears of each error that was waited out.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        seconds: float,
        stop: threading.Event,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._pool = pool
        self._seconds = seconds
        self._stop = stop
        self._tell = tell

    def run(self, work: Callable[[Conn], T]) -> T:
        """What `work` returns, called anew with another connection while connections are lost.

        `work` must do no harm when it is done twice, since the answer to a commit may be what was lost.
        Raises UnreachableError where the database stays away, and what `work` raises otherwise.
        """
        until: float | None = None
        while True:
            if self._stop.is_set():
                raise Cancelled("stopped while the database was waited for")
            try:
                with self._pool.connection(timeout=5) as connection:
                    return work(connection)
            except (psycopg.Error, PoolTimeout) as error:
                if not is_lost(error) and not isinstance(error, _CONTENTION):
                    raise
                if until is None:
                    until = time.monotonic() + self._seconds
                    self._tell(one_line(str(error)))
                if time.monotonic() > until:
                    raise UnreachableError(
                        f"Postgres has been away for more than database.return_seconds = {self._seconds:g}: "
                        f"{one_line(str(error))}"
                    ) from error
                self._stop.wait(0.5)

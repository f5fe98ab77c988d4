"""One archive, restore or erasure of a source at a time: none may move rows that another one counts."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import Connection
from psycopg.rows import TupleRow

from extract.errors import LeaseHeldError

Conn = Connection[TupleRow]

_SPACE = 4_711_004


@contextmanager
def alone(connection: Conn, source: str) -> Iterator[None]:
    """Holds the lock of `source` for the session. Raises LeaseHeldError where another session has it."""
    row = connection.execute("select pg_try_advisory_lock(%s, hashtext(%s))", [_SPACE, source]).fetchone()
    if row is None or not row[0]:
        raise LeaseHeldError(f"another archive, restore or erase of {source} is running: try again after it")
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("select pg_advisory_unlock(%s, hashtext(%s))", [_SPACE, source])

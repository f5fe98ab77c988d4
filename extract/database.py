"""Connections to Postgres: libpq's environment says where, one bounded pool is shared by all who need one."""

import logging
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from extract.errors import ConfigurationError, ExtractError, UnreachableError, one_line
from extract.settings import DatabaseSettings

# A name of this process's own: by its sessions a run is seen to be alive (ops.endings).
_PROCESS = secrets.token_hex(6)
# libpq gives a failed connection no SQLSTATE, so its words must do.
_REFUSALS = (
    "password authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    'role "',
    'database "',
    "authentication method",
    "not permitted to log in",
    "permission denied for database",
    "invalid port number",
    "invalid connection option",
    "invalid value for parameter",
    "root certificate file",
    "certificate verify failed",
    "server certificate for",
    "does not support ssl",
)


def _complete(conninfo: str) -> str:
    """`conninfo` with our defaults where neither it nor the environment says otherwise."""
    try:
        given = conninfo_to_dict(conninfo)
    except psycopg.ProgrammingError as error:
        raise ConfigurationError(f"connection string is malformed: {one_line(str(error))}") from None
    ours: dict[str, str | int] = {"client_encoding": "utf8"}
    if "connect_timeout" not in given and "PGCONNECT_TIMEOUT" not in os.environ:
        ours["connect_timeout"] = 10
    if "application_name" not in given:
        ours["application_name"] = f"{os.environ.get('PGAPPNAME') or 'extract'} {_PROCESS}"
    return make_conninfo(conninfo, **ours)


def connect(conninfo: str = "", settings: DatabaseSettings | None = None) -> Connection[TupleRow]:
    """An autocommit connection, after the retries that `settings` allow.

    Raises ConfigurationError where the server refuses user, password or database, and UnreachableError
    where no server answers.
    """
    settings = settings or DatabaseSettings()
    complete = _complete(conninfo)
    for attempt in range(1, settings.attempts + 1):
        try:
            return psycopg.connect(complete, autocommit=True)
        except psycopg.OperationalError as error:
            message = one_line(str(error))
            starting = "starting up" in message or "shutting down" in message or "recovery mode" in message
            if not starting and any(refusal in message.lower() for refusal in _REFUSALS):
                raise ConfigurationError(
                    f"Postgres refused the connection: {message} (set PGHOST, PGPORT, PGUSER, PGPASSWORD, "
                    "PGDATABASE)"
                ) from None
            if attempt == settings.attempts:
                raise UnreachableError(f"Postgres could not be reached: {message}") from None
            time.sleep(settings.wait_seconds)
    raise AssertionError("unreachable: attempts is at least 1")


@contextmanager
def open_pool(settings: DatabaseSettings, conninfo: str = "") -> Iterator[ConnectionPool]:
    """A pool of autocommit connections, closed at the end. Raises as `connect` does."""
    connect(conninfo, settings).close()
    # What psycopg and the pool would log on their own is raised where it is asked for.
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)
    pool = ConnectionPool(
        _complete(conninfo),
        min_size=1,
        max_size=settings.pool_size,
        timeout=30,
        kwargs={"autocommit": True},
        check=ConnectionPool.check_connection,
        open=False,
    )
    pool.open()
    try:
        yield pool
    finally:
        pool.close(timeout=5)


@contextmanager
def database_errors() -> Iterator[None]:
    """Turns errors of Postgres into ours: lost connections, missing rights or tables, and all others."""
    try:
        yield
    except PoolTimeout as error:
        raise UnreachableError(f"Postgres gave no connection in time: {error}") from error
    except (
        psycopg.errors.InsufficientPrivilege,
        psycopg.errors.UndefinedTable,
        psycopg.errors.UndefinedFunction,
        psycopg.errors.InvalidSchemaName,
    ) as error:
        raise ConfigurationError(
            f"{one_line(error.diag.message_primary or str(error))}: run `extract init`, and set PGUSER to "
            "the role that the command needs"
        ) from error
    except psycopg.OperationalError as error:
        if error.sqlstate is None or error.sqlstate.startswith(("08", "57P")):
            raise UnreachableError(f"Postgres connection lost: {one_line(str(error))}") from error
        raise ExtractError(f"Postgres: {_told(error)}") from error
    except psycopg.Error as error:
        raise ExtractError(f"Postgres: {_told(error)}") from error


def _told(error: psycopg.Error) -> str:
    """The server's words without the detail, which may hold data."""
    return one_line(f"{error.diag.message_primary or error} ({error.sqlstate})")

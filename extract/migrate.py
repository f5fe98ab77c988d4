"""`extract init`: roles, migrations, raw tables and their partitions. Safe to repeat, also side by side."""

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from extract import roles
from extract.database import connect
from extract.errors import ConfigurationError
from extract.partitions import make_partitions
from extract.sources import all_sources

Conn = Connection[TupleRow]

_LOCK = 4_711_001
_ROLE_CHANGED_BESIDE_US = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.DuplicateObject,
    psycopg.errors.InternalError_,
)
_LEDGER = """
    create table if not exists ops.schema_migrations (
        name text primary key,
        checksum text not null,
        applied_at timestamptz not null default clock_timestamp()
    )
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """A numbered SQL file and the SHA-256 of its text."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """All migrations in the order they apply."""
    found = [
        Migration(file.name, file.read_text(encoding="utf-8"))
        for file in files("extract").joinpath("migrations").iterdir()
        if file.name.endswith(".sql")
    ]
    return sorted(found, key=lambda migration: migration.name)


def initialise(conninfo: str, passwords: Mapping[str, str]) -> None:
    """Brings a database to the state that all commands expect.

    `conninfo` is a libpq connection string of an administrator ("" means libpq's environment); `passwords`
    maps role names (extractor, transformer, maintainer, reporter) to their clear passwords, which never reach
    the server. Idempotent. Raises ConfigurationError for a missing password, missing rights or a changed
    migration, and UnreachableError where there is no database.
    """
    roles.check_passwords(passwords)
    with connect(conninfo) as connection, _alone(connection), _one_line_errors():
        _create_roles_beside_others(connection, passwords)
        with connection.transaction():
            roles.grant_database(connection)
            roles.create_model_schemas(connection)
        connection.execute("set role maintainer")
        connection.execute("set lock_timeout = '10s'")
        connection.execute("set timezone = 'UTC'")
        for migration in migrations():
            _apply(connection, migration)
        _create_raw_tables(connection)
        connection.execute("reset role")


def pending(connection: Conn) -> list[str]:
    """Names of migrations that the connected database lacks. Raises ConfigurationError for a changed one."""
    row = connection.execute("select to_regclass('ops.schema_migrations') is not null").fetchone()
    if row is None or not row[0]:
        return [migration.name for migration in migrations()]
    applied: dict[str, str] = dict(
        connection.execute("select name, checksum from ops.schema_migrations").fetchall()
    )
    for migration in migrations():
        _refuse_changed(migration, applied.get(migration.name))
    return [migration.name for migration in migrations() if migration.name not in applied]


def _apply(connection: Conn, migration: Migration) -> None:
    with connection.transaction():
        known = connection.execute("select to_regclass('ops.schema_migrations') is not null").fetchone()
        applied: TupleRow | None = None
        if known is not None and known[0]:
            applied = connection.execute(
                "select checksum from ops.schema_migrations where name = %s", [migration.name]
            ).fetchone()
        if applied is not None:
            _refuse_changed(migration, applied[0])
            return
        connection.execute(migration.sql.encode())
        connection.execute(_LEDGER)
        connection.execute(
            "grant select on ops.schema_migrations to extractor, transformer, reporter",
        )
        connection.execute(
            "insert into ops.schema_migrations (name, checksum) values (%s, %s)",
            [migration.name, migration.checksum],
        )


def _refuse_changed(migration: Migration, checksum: str | None) -> None:
    if checksum is not None and checksum != migration.checksum:
        raise ConfigurationError(
            f"migration {migration.name} was changed after it had been applied to this database: restore "
            "the file and put the change into a new, higher-numbered one"
        )


def _create_raw_tables(connection: Conn) -> None:
    for source in all_sources().values():
        for stream in source.streams:
            connection.execute("select ops.create_raw_table(%s)", [source.raw_table(stream)])
        make_partitions(connection, [source])


def _create_roles_beside_others(connection: Conn, passwords: Mapping[str, str]) -> None:
    """Roles belong to the whole server: an init of another of its databases may be changing the same rows."""
    for attempt in range(10):
        try:
            with connection.transaction():
                roles.create_roles(connection, passwords)
            return
        except _ROLE_CHANGED_BESIDE_US:
            if attempt == 9:
                raise
            time.sleep(0.05 * (attempt + 1))


@contextmanager
def _alone(connection: Conn) -> Iterator[None]:
    connection.execute("select pg_advisory_lock(%s)", [_LOCK])
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("select pg_advisory_unlock(%s)", [_LOCK])


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        raise ConfigurationError(
            f"`extract init` needs an administrator (PGUSER): {error.diag.message_primary or error}"
        ) from error

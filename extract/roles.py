"""The database's roles, what each may do at the level of the database, and the schemas that dbt fills."""

from collections.abc import Mapping

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier, Literal

from extract.errors import ConfigurationError

Conn = Connection[TupleRow]

ROLES = ("extractor", "transformer", "maintainer", "reporter")
MODEL_SCHEMAS = ("base", "staging", "quarantine", "intermediate", "marts")
REPORTED_SCHEMAS = ("quarantine", "marts")

# A process that was killed leaves no query running, nor does one whose machine has vanished: by its sessions a run is
# seen to be alive.
_KEEPALIVES = {
    "client_connection_check_interval": "2s",
    "tcp_keepalives_idle": "30s",
    "tcp_keepalives_interval": "10s",
    "tcp_keepalives_count": "3",
}
_SESSION_SETTINGS: dict[str, dict[str, str]] = {
    "extractor": _KEEPALIVES
    | {
        # A run goes on from a commit that was answered: no server's own setting may forget it in a crash.
        "synchronous_commit": "on",
        "lock_timeout": "30s",
        "statement_timeout": "15min",
        "idle_in_transaction_session_timeout": "2min",
    },
    "transformer": _KEEPALIVES
    | {
        # Postgres' default is for spinning disks, and makes it read whole tables for a few new keys.
        "random_page_cost": "1.1",
        "lock_timeout": "1min",
        "statement_timeout": "2h",
        "idle_in_transaction_session_timeout": "10min",
    },
    "maintainer": _KEEPALIVES
    | {
        "lock_timeout": "10s",
        "statement_timeout": "4h",
        "idle_in_transaction_session_timeout": "10min",
    },
    "reporter": {
        "lock_timeout": "10s",
        "statement_timeout": "5min",
        "idle_in_transaction_session_timeout": "1min",
    },
}


def check_passwords(passwords: Mapping[str, str]) -> None:
    """Raises ConfigurationError unless there is a password for each role, naming the variables that lack."""
    lacking = [f"{role.upper()}_PASSWORD" for role in ROLES if not passwords.get(role)]
    if lacking:
        raise ConfigurationError(f"missing in the environment: {', '.join(lacking)}")


def create_roles(connection: Conn, passwords: Mapping[str, str]) -> None:
    """Creates or updates the four roles. Passwords leave this process as SCRAM verifiers only."""
    for role in ROLES:
        known = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
        if known is None:
            connection.execute(SQL("create role {}").format(Identifier(role)))
        verifier = connection.pgconn.encrypt_password(
            passwords[role].encode(), role.encode(), b"scram-sha-256"
        ).decode()
        connection.execute(
            SQL("alter role {} login nosuperuser nocreatedb nocreaterole noreplication password {}").format(
                Identifier(role), Literal(verifier)
            )
        )
        for name, value in ({"timezone": "UTC"} | _SESSION_SETTINGS[role]).items():
            connection.execute(
                SQL("alter role {} set {} = {}").format(Identifier(role), Identifier(name), Literal(value))
            )
    for role in ("maintainer", "transformer"):
        _let_admin_become(connection, role)


def _let_admin_become(connection: Conn, role: str) -> None:
    """A superuser may already; elsewhere the creator of a role must say so."""
    may = connection.execute("select pg_has_role(current_user, %s, 'set')", [role]).fetchone()
    if may is None or not may[0]:
        connection.execute(SQL("grant {} to current_user with set true").format(Identifier(role)))


def grant_database(connection: Conn) -> None:
    """What each role may do in the connected database. Idempotent; ACLs are not copied from a template."""
    row = connection.execute("select current_database()").fetchone()
    if row is None:
        raise AssertionError("current_database() gave no row")
    database = Identifier(row[0])
    roles = SQL(", ").join(Identifier(role) for role in ROLES)
    connection.execute(SQL("revoke create, temporary on database {} from public").format(database))
    connection.execute("revoke create on schema public from public")
    connection.execute(SQL("grant connect on database {} to {}").format(database, roles))
    connection.execute(SQL("grant create on database {} to maintainer").format(database))
    connection.execute(SQL("grant create, temporary on database {} to transformer").format(database))


def create_model_schemas(connection: Conn) -> None:
    """The schemas that dbt fills, owned by transformer; reporter reads marts and quarantine."""
    for schema in MODEL_SCHEMAS:
        connection.execute(
            SQL("create schema if not exists {} authorization transformer").format(Identifier(schema))
        )
    for schema in REPORTED_SCHEMAS:
        connection.execute(SQL("grant usage on schema {} to reporter").format(Identifier(schema)))
        connection.execute(
            SQL(
                "alter default privileges for role transformer in schema {} "
                "grant select on tables to reporter"
            ).format(Identifier(schema))
        )

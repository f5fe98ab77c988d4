"""One throw-away Postgres for the test session (one a worker under pytest-xdist), and databases in it."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from extract.migrate import initialise
from sandbox.databases import clone_database, create_database, drop_database, set_password
from sandbox.postgres import Server
from sandbox.throwaway import throwaway_cluster

ROLES = ("extractor", "transformer", "maintainer", "reporter")


@dataclass(frozen=True)
class EltDatabase:
    """A database to which `extract init` was applied."""

    name: str
    server: Server
    passwords: dict[str, str]

    def env(self, role: str = "admin") -> dict[str, str]:
        """libpq's environment for admin, extractor, transformer, maintainer or reporter."""
        admin = self.server.env(self.name)
        return admin if role == "admin" else admin | {"PGUSER": role, "PGPASSWORD": self.passwords[role]}

    def conninfo(self, role: str = "admin") -> str:
        """A libpq connection string, password included."""
        env = self.env(role)
        return psycopg.conninfo.make_conninfo(
            host=env["PGHOST"],
            port=env["PGPORT"],
            user=env["PGUSER"],
            password=env["PGPASSWORD"],
            dbname=self.name,
        )

    def connect(self, role: str = "admin", *, autocommit: bool = False) -> psycopg.Connection:
        """A connection as `role`; the caller closes it (it is a context manager)."""
        return psycopg.connect(self.conninfo(role), autocommit=autocommit)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A running cluster without fsync, deleted at the end of the session."""
    with throwaway_cluster() as server:
        yield server


@pytest.fixture(scope="session")
def role_passwords() -> dict[str, str]:
    """The passwords of the four roles, by name; roles belong to the whole cluster, so tests share them."""
    return {role: secrets.token_urlsafe(12) for role in ROLES}


@pytest.fixture(scope="session")
def _admin(postgres_server: Server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_server.conninfo(), autocommit=True) as connection:
        yield connection


@pytest.fixture
def database(postgres_server: Server, _admin: psycopg.Connection) -> Iterator[dict[str, str]]:
    """A new, empty database: libpq's environment as superuser. Dropped after the test."""
    name = f"test_{secrets.token_hex(6)}"
    create_database(_admin, name)
    yield postgres_server.env(name)
    drop_database(_admin, name)


@pytest.fixture(scope="session")
def _elt_template(
    postgres_server: Server, _admin: psycopg.Connection, role_passwords: dict[str, str]
) -> Iterator[str]:
    name = f"elt_template_{secrets.token_hex(4)}"
    create_database(_admin, name)
    initialise(postgres_server.conninfo(name), role_passwords)
    yield name
    drop_database(_admin, name)


@pytest.fixture
def elt_database(
    postgres_server: Server, _admin: psycopg.Connection, _elt_template: str, role_passwords: dict[str, str]
) -> Iterator[EltDatabase]:
    """A new database as `extract init` leaves it. Dropped after the test.

    Each has the same name: dbt parses the whole project anew for another one.
    """
    name = "elt"
    clone_database(_admin, _elt_template, name)
    for role, password in role_passwords.items():
        # A test that ran `extract init` with passwords of its own has changed them for the whole cluster.
        set_password(_admin, role, password)
    yield EltDatabase(name, postgres_server, role_passwords)
    drop_database(_admin, name)

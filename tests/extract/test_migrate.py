"""`extract init`."""

import threading
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from extract import migrate
from extract.errors import ConfigurationError
from extract.migrate import Migration, initialise, migrations
from extract.roles import MODEL_SCHEMAS, ROLES
from extract.sources import all_sources
from tests.extract.conftest import Command


@pytest.fixture
def passwords(role_passwords: dict[str, str]) -> dict[str, str]:
    """The cluster's roles are shared by all tests: their passwords must not change."""
    return role_passwords


def state(database: Any) -> list[tuple[Any, ...]]:
    with database.connect("admin") as admin:
        return admin.execute(
            """
            select 'relation', oid::regclass::text, relacl::text from pg_class
            where relnamespace::regnamespace::text in ('raw', 'ops')
            union all select 'schema', nspname, nspacl::text from pg_namespace
            union all select 'migration', name, checksum from ops.schema_migrations
            order by 1, 2
            """
        ).fetchall()


def test_a_second_init_changes_nothing(elt_database: Any, passwords: dict[str, str]) -> None:
    before = state(elt_database)
    initialise(elt_database.conninfo(), passwords)
    assert state(elt_database) == before


def test_two_inits_at_once_are_safe(database: dict[str, str], passwords: dict[str, str]) -> None:
    errors: list[BaseException] = []
    conninfo = make_conninfo(
        host=database["PGHOST"],
        port=database["PGPORT"],
        user=database["PGUSER"],
        password=database["PGPASSWORD"],
        dbname=database["PGDATABASE"],
    )

    def run() -> None:
        try:
            initialise(conninfo, passwords)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with psycopg.connect(conninfo) as admin:
        applied = admin.execute("select name from ops.schema_migrations order by name").fetchall()
    assert [row[0] for row in applied] == [migration.name for migration in migrations()]


def test_a_changed_migration_is_refused(
    elt_database: Any, passwords: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *rest = migrations()
    changed = [Migration(first.name, first.sql + "\nselect 1;"), *rest]
    monkeypatch.setattr(migrate, "migrations", lambda: changed)
    with pytest.raises(ConfigurationError, match=f"{first.name} was changed"):
        initialise(elt_database.conninfo(), passwords)
    with (
        elt_database.connect("extractor") as connection,
        pytest.raises(ConfigurationError, match="was changed"),
    ):
        migrate.pending(connection)


def test_a_migration_that_fails_leaves_nothing(
    elt_database: Any, passwords: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = Migration("9999_bad.sql", "create table ops.half (); select 1 / 0;")
    found = [*migrations(), bad]
    monkeypatch.setattr(migrate, "migrations", lambda: found)
    with pytest.raises(psycopg.errors.DivisionByZero):
        initialise(elt_database.conninfo(), passwords)
    with elt_database.connect("extractor") as connection:
        assert migrate.pending(connection) == ["9999_bad.sql"]
        assert connection.execute("select to_regclass('ops.half')").fetchone() == (None,)


def test_a_missing_password_is_named(command: Command) -> None:
    done = command.run(
        "init", role="admin", EXTRACTOR_PASSWORD="a", TRANSFORMER_PASSWORD="b", REPORTER_PASSWORD="c"
    )
    assert done.returncode == 2
    assert done.stderr == "extract: missing in the environment: MAINTAINER_PASSWORD\n"


def test_init_without_an_administrator_is_refused(command: Command, passwords: dict[str, str]) -> None:
    given = {f"{role.upper()}_PASSWORD": password for role, password in passwords.items()}
    done = command.run("init", role="reporter", **given)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "needs an administrator" in done.stderr


def test_no_clear_password_reaches_the_server(
    elt_database: Any, passwords: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    execute = psycopg.Connection.execute

    def spy(self: Any, query: Any, *rest: Any, **options: Any) -> Any:
        sent.append(query.as_string(self) if hasattr(query, "as_string") else str(query))
        return execute(self, query, *rest, **options)

    monkeypatch.setattr(psycopg.Connection, "execute", spy)
    initialise(elt_database.conninfo(), passwords)
    statements = "\n".join(sent)
    assert "SCRAM-SHA-256$" in statements
    assert not [password for password in passwords.values() if password in statements]


def test_roles_are_no_superusers_and_speak_utc(elt_database: Any) -> None:
    for role in ROLES:
        with elt_database.connect(role) as connection:
            assert connection.execute("show timezone").fetchone() == ("UTC",)
            assert connection.execute("show lock_timeout").fetchone() != ("0",)
            assert connection.execute("show statement_timeout").fetchone() != ("0",)
            assert connection.execute(
                "select rolsuper from pg_roles where rolname = current_user"
            ).fetchone() == (False,)


def test_every_stream_has_a_raw_table_with_days_ahead(elt_database: Any) -> None:
    with elt_database.connect("admin") as admin:
        partitions = dict(
            admin.execute(
                """
                select parent.relname, count(*) from pg_inherits
                join pg_class as parent on parent.oid = inhparent
                where parent.relkind = 'p' group by 1
                """
            ).fetchall()
        )
    names = {source.raw_table(stream) for source in all_sources().values() for stream in source.streams}
    assert partitions == dict.fromkeys(names, 9)


def test_each_role_may_do_its_step_and_no_more(elt_database: Any) -> None:
    allowed = {
        ("extractor", "insert", "raw.smartpizza__orders"): True,
        ("extractor", "select", "raw.smartpizza__orders"): False,
        ("extractor", "delete", "raw.smartpizza__orders"): False,
        ("extractor", "update", "ops.loads"): False,
        ("transformer", "select", "raw.smartpizza__orders"): True,
        ("transformer", "insert", "raw.smartpizza__orders"): False,
        ("transformer", "select", "ops.dead_letters"): False,
        ("reporter", "select", "ops.stream_status"): True,
        ("reporter", "select", "ops.loads"): False,
        ("maintainer", "update", "raw.smartpizza__orders"): True,
    }
    with elt_database.connect("admin") as admin:
        for (role, privilege, table), expected in allowed.items():
            found = admin.execute(
                "select has_table_privilege(%s, %s, %s)", [role, table, privilege]
            ).fetchone()
            assert found == (expected,), (role, privilege, table)
        owners = admin.execute(
            "select nspname from pg_namespace where nspowner = 'transformer'::regrole order by 1"
        ).fetchall()
        assert {row[0] for row in owners} == set(MODEL_SCHEMAS)


def test_reporter_reads_what_transformer_makes_in_marts(elt_database: Any) -> None:
    with elt_database.connect("transformer", autocommit=True) as transformer:
        transformer.execute("create table marts.fct_things as select 1 as thing")
        transformer.execute("create table staging.stg_things as select 1 as thing")
    with elt_database.connect("reporter", autocommit=True) as reporter:
        assert reporter.execute("select thing from marts.fct_things").fetchone() == (1,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reporter.execute("select thing from staging.stg_things")

"""`extract analyze`: statistics that autovacuum never makes, and dead rows that nobody looks at."""

from typing import Any

from tests.extract.conftest import Command


def test_a_partitioned_table_is_not_left_without_statistics(elt_database: Any, command: Command) -> None:
    with elt_database.connect() as admin:
        admin.execute("insert into ops.runs (run_id, source, command) values (gen_random_uuid(), 's', 'run')")
    done = command.run("analyze", role="maintainer")
    assert done.returncode == 0, done.stderr
    with elt_database.connect() as admin:
        analyzed = {
            name
            for (name,) in admin.execute(
                "select schemaname || '.' || relname from pg_stat_user_tables where last_analyze is not null"
            )
        }
    assert {"raw.smartpizza__orders", "ops.runs"} <= analyzed


def test_a_table_that_somebody_holds_does_not_hold_up_the_night(elt_database: Any, command: Command) -> None:
    with elt_database.connect() as holder:
        holder.execute("lock table raw.smartpizza__orders in access exclusive mode")
        done = command.run("analyze", role="maintainer")
    assert done.returncode == 0, done.stderr


def test_dead_rows_that_autovacuum_leaves_are_told(elt_database: Any, command: Command) -> None:
    with elt_database.connect("transformer", autocommit=True) as transformer:
        transformer.execute("create table marts.churned (n int) with (autovacuum_enabled = off)")
        transformer.execute("insert into marts.churned select generate_series(1, 30000)")
        transformer.execute("delete from marts.churned where n % 2 = 0")
        transformer.execute("select pg_stat_force_next_flush()")
        transformer.execute("select 1")
    done = command.run("analyze", role="maintainer")
    assert done.returncode == 0, done.stderr
    assert "marts.churned: 50% of its rows are dead (15,000)" in done.stdout
    assert "marts.churned" not in command.run("analyze", "--dead-share", "0.6", role="maintainer").stdout


def test_a_role_without_tables_does_no_harm(command: Command) -> None:
    done = command.run("analyze", role="reporter")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("analyzed 0 tables")

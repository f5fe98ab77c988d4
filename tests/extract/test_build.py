"""`extract build`: dbt's result is an exit code, a row in the ledger and a line, whatever it is."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.extract.conftest import Command, Done
from tests.extract.dbt_project import make_project
from tests.halting import wait_for

GOOD = "{{ config(materialized='table') }} select 1 as id"
NOT_NULL = """
models:
  - name: first
    columns: [{name: id, data_tests: [not_null]}]
"""
OTHER = "8c5bd6c5-0000-4000-8000-00000000beef"
WAITING = """
    select 1 from pg_stat_activity
    where datname = current_database() and application_name like 'extract %'
        and query like '%exists (select from ops.build_leases%' and pid <> pg_backend_pid()
"""
Build = Callable[..., Done]


@pytest.fixture
def build(command: Command, tmp_path: Path) -> Build:
    """`extract build` in this process, of models given as first="select ..." by the first call."""
    env: dict[str, str] = {}

    def run(*arguments: str, properties: str = "", **models: str) -> Done:
        if not env:
            files = {f"{name}.sql": sql for name, sql in ({"first": GOOD} | models).items()}
            env.update(make_project(tmp_path, files | {"properties.yml": properties}))
        return command.run("build", *(arguments or ("all",)), role="transformer", **env)

    return run


def events(done: Done) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def assert_ended(database: Any, done: Done, code: int, *words: str) -> None:
    """The exit code, one line with `words`, the same in the log and in the ledger, and no lease left."""
    assert done.returncode == code, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    for word in words:
        assert word in line
    last = events(done)[-1]
    assert (last["event"], last["exit_code"]) == ("build_failed", code)
    assert last["error"] in line
    with database.connect("admin") as admin:
        (row,) = admin.execute("select exit_code, error, ended_at is not null from ops.builds").fetchall()
        assert row == (code, last["error"], True)
        assert admin.execute("select count(*) from ops.build_leases").fetchone() == (0,)


def nodes(database: Any) -> dict[str, str]:
    """What came of each node by the ledger."""
    with database.connect("admin") as admin:
        rows = admin.execute("select split_part(node_id, '.', 3), status from ops.dbt_results").fetchall()
    return dict(rows)


def test_a_build_in_order_says_too_much_or_too_little(build: Build, elt_database: Any) -> None:
    """One line a model; the passing test is in the ledger; the unit test, which would fail, is left out."""
    unit_test = """
unit_tests:
  - {name: proves_code, model: second, given: [{input: ref('first'), rows: [{id: 1}]}], expect: {rows: [{id: 2}]}}
"""
    done = build(second="select id from {{ ref('first') }}", properties=NOT_NULL + unit_test)
    assert (done.returncode, done.stderr) == (0, "")
    told = events(done)
    assert [(event["event"], event.get("node")) for event in told] == [
        ("build_started", None), ("model_built", "first"), ("model_built", "second"), ("build_done", None)
    ]  # fmt: skip
    assert told[-1]["nodes"] == {"model success": 2, "test pass": 1}
    assert told[-1]["peak_memory_bytes"] > 0
    with elt_database.connect("reporter") as reporter:
        history = reporter.execute("select invocation_id, command, exit_code, error from ops.build_history")
        assert history.fetchall() == [(told[0]["invocation_id"], "build all", 0, None)]
    found = nodes(elt_database)
    assert found["first"] == found["second"] == "success"
    assert found["not_null_first_id"] == "pass"


def test_a_failed_test_is_green(build: Build, elt_database: Any) -> None:
    nothing = "{{ config(materialized='table') }} select null::int as id"
    done = build(first=nothing, second="select id from {{ ref('first') }}", properties=NOT_NULL)
    assert_ended(elt_database, done, 1, "1 of 3 nodes failed: not_null_first_id")
    assert nodes(elt_database) == {"first": "success", "not_null_first_id": "fail", "second": "skipped"}
    assert [event["node"] for event in events(done) if event["event"] == "test_failed"] == [
        "not_null_first_id"
    ]


def test_a_failed_model_is_green(build: Build, elt_database: Any) -> None:
    done = build(first="{{ config(materialized='table') }} select 1 / 0 as id")
    assert_ended(elt_database, done, 1, "first", "division by zero")
    assert "compiled code at" not in done.stderr


def test_what_cannot_be_compiled_is_tried_again(build: Build, elt_database: Any) -> None:
    done = build(first="select * from {{ ref('nowhere') }}")
    assert_ended(elt_database, done, 2, "depends on a node named 'nowhere'")


def test_what_refuses_to_compile_in_the_build_is_tried_again(build: Build, elt_database: Any) -> None:
    done = build(
        first="select 1 as id {% if execute %}{{ exceptions.raise_compiler_error('days away') }}{% endif %}"
    )
    assert_ended(elt_database, done, 2, "days away")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nobody",), "Could not find selector named nobody"),
        (("none",), "matches nothing"),
        (("--select", "tag:nothing"), "matches nothing"),
        (("all", "--vars", "{a"), "not valid YAML"),
    ],
)
def test_a_wrong_selection_builds_nothing_and_is_green(
    arguments: tuple[str, ...], words: str, build: Build, elt_database: Any
) -> None:
    assert_ended(elt_database, build(*arguments), 2, words)


@pytest.mark.parametrize(
    ("env", "code", "words"),
    [
        ({"PGPORT": "9"}, 75, "could not be reached"),
        ({"PGPASSWORD": "hunter2"}, 2, "password authentication failed"),
        ({"DBT_PROJECT_DIR": "/nowhere"}, 2, "set DBT_PROJECT_DIR"),
        ({"DBT_PROFILES_DIR": "/nowhere"}, 2, "set DBT_PROFILES_DIR"),
        ({"DBT_TARGET_PATH": "/dev/null/target"}, 2, "set DBT_TARGET_PATH"),
    ],
)
def test_a_wrong_environment_is_not_told_from_a_failed_build(
    env: dict[str, str], code: int, words: str, command: Command, tmp_path: Path
) -> None:
    command.configure("[database]\nattempts = 1")
    done = command.run("build", "all", role="transformer", **(make_project(tmp_path, {}) | env))
    assert (done.returncode, len(done.stderr.splitlines())) == (code, 1), done.stderr
    assert words in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_a_database_without_its_migrations_ends_in_a_riddle(build: Build, elt_database: Any) -> None:
    with elt_database.connect("admin") as admin:
        admin.execute("delete from ops.schema_migrations where name like '0008%'")
    done = build()
    assert done.returncode == 2
    assert "run `extract init`" in done.stderr


def test_a_database_that_goes_away_in_the_build_is_a_failed_model(build: Build, elt_database: Any) -> None:
    gone = "{{ config(materialized='table') }} select pg_terminate_backend(pg_backend_pid()) as id"
    assert_ended(elt_database, build(first=gone), 75, "the database went away")


@contextmanager
def another_build(database: Any, relation: str = "intermediate.first") -> Iterator[Any]:
    """A build that holds the lease of a relation; its session, which says so as dbt's do."""
    with database.connect("transformer", autocommit=True) as session:
        session.execute(
            f'/* {{"app": "dbt", "invocation_id": "{OTHER}", "node": "x"}} */ '
            f"select ops.take_build_lease('{OTHER}', array['{relation}'], '{{}}', '{{}}')"
        )
        yield session


def test_a_held_lease_is_passed_over(build: Build, elt_database: Any) -> None:
    with another_build(elt_database):
        failed = build("all", "--if-held", "fail")
        skipped = build("all", "--if-held", "skip")
    assert failed.returncode == 76
    assert f"intermediate.first is held by dbt invocation {OTHER} of transformer" in failed.stderr
    assert (skipped.returncode, skipped.stderr) == (0, "")
    assert events(skipped)[-1]["event"] == "build_skipped"
    assert nodes(elt_database) == {}


def test_a_wait_for_a_lease_never_ends_or_ends_too_soon(
    build: Build, command: Command, elt_database: Any
) -> None:
    command.configure("[build]\nwait_seconds = 0")
    with another_build(elt_database) as session:
        assert build().returncode == 76
        command.configure("[build]\nwait_seconds = 100")

        def release() -> None:
            with elt_database.connect("admin", autocommit=True) as admin:
                wait_for(admin, WAITING, seconds=100)
            session.execute("delete from ops.build_leases where invocation_id = %s", [OTHER])

        thread = threading.Thread(target=release)
        thread.start()
        done = build()
        thread.join()
    assert done.returncode == 0, done.stderr
    told = [event["event"] for event in events(done)]
    assert told == ["build_started", "build_waiting", "build_started", "model_built", "build_done"]


def test_two_selectors_need_two_pods(build: Build) -> None:
    done = build("none", "all")
    assert done.returncode == 2
    assert [event["event"] for event in events(done)].count("model_built") == 1


BROKEN = "{{ config(materialized='table') }} select {{ 'null::int' if target.name == 'dev' else 1 }} as id"


def standing(database: Any) -> tuple[Any, ...]:
    """What alerts, metrics and page are made of: troubles, failing tests, scores, and how the pipeline stands."""
    with database.connect("reporter") as reporter:
        return tuple(
            reporter.execute(query).fetchall()
            for query in (
                "select key from ops.open_trouble",
                "select name, verdict, kept_rows from ops.failing_tests",
                "select tests, passed from ops.data_quality_daily",
                "select pipeline, last_status, success_rate_7d from ops.command_health",
            )
        )


def test_a_developers_failure_is_an_alert_of_production(
    build: Build, elt_database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert build(first=BROKEN, properties=NOT_NULL).returncode == 0
    stood = standing(elt_database)
    assert stood == ([], [], [(1, 1)], [("all", "done", 1)])
    monkeypatch.setenv("DBT_TARGET", "dev")
    assert build().returncode == 1
    assert build("nobody").returncode == 2
    assert standing(elt_database) == stood
    with elt_database.connect("reporter") as reporter:
        found = reporter.execute("select pipeline, status from ops.run_ledger order by started_at")
        assert found.fetchall() == [("all", "done"), ("dev: all", "failed"), ("dev: nobody", "failed")]


def test_a_developers_success_hides_a_failure_of_production(
    build: Build, elt_database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert build(first=BROKEN.replace("==", "!="), properties=NOT_NULL).returncode == 1
    stood = standing(elt_database)
    assert stood == (
        [("failed build all build",)],
        [("not_null_first_id", "fail", 1)],
        [(1, 0)],
        [("all", "failed", 0)],
    )
    monkeypatch.setenv("DBT_TARGET", "dev")
    assert build().returncode == 0
    assert standing(elt_database) == stood

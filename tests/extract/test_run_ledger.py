"""A run that failed, was killed or never started shows in the ledger, in the metrics and in the alert alike."""

import socket
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry

from extract.expectations import write_expectations
from extract.ledger import end_run, start_run
from extract.metrics.collector import LedgerCollector
from extract.run_record import RunResult
from extract.settings import Settings
from extract.sources import all_sources
from extract.traffic import Traffic
from tests.extract.conftest import Command
from tests.extract.dbt_project import make_project
from tests.extract.fake_api import FakeApi, answer, order
from tests.extract.socket_server import serving
from tests.halting import wait_for
from tests.webhook import webhook

Run = Callable[..., RunResult]
SLOW = "{{ config(materialized='table') }} select 1 as id from (select pg_sleep(60) as it) as slow"


def asked(database: Any, query: str, role: str = "reporter") -> list[tuple[Any, ...]]:
    with database.connect(role, autocommit=True) as connection:
        return list(connection.execute(query).fetchall())


def statuses(database: Any) -> list[tuple[Any, ...]]:
    return asked(database, "select kind, pipeline, status from ops.run_ledger order by started_at")


def metric(database: Any, monkeypatch: pytest.MonkeyPatch, name: str, **labels: str) -> float | None:
    """The value of a metric as it is served now."""
    for variable, value in database.env("reporter").items():
        monkeypatch.setenv(variable, value)
    registry = CollectorRegistry()
    registry.register(LedgerCollector(Settings()))
    return registry.get_sample_value(name, labels)


def told(command: Command) -> str:
    """What the alert would tell."""
    done = command.run("alert", "--dry-run", role="reporter")
    assert done.returncode == 0, done.stderr
    return done.stdout


def expecting(every: str) -> Settings:
    section = all_sources()["smartpizza"].settings(
        base_url="http://api.test", every=every, owner="pizza-team"
    )
    return Settings(sources={"smartpizza": section})


def test_a_failed_run_is_seen_in_one_place_and_not_in_another(
    extract: Run, elt_database: Any, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = FakeApi(orders=[order(1)])
    assert extract(api).status == "done"
    api.planned = [lambda _request: answer(b"not json")] * 9
    failed = extract(api)
    assert statuses(elt_database) == [("extract", "smartpizza", "done"), ("extract", "smartpizza", "failed")]
    ((rate, failing, good),) = asked(
        elt_database,
        "select success_rate_7d, failing_since is not null, last_done_at is not null from ops.pipeline_health",
    )
    assert (float(rate), failing, good) == (0.5, True, True)
    labels = {"pipeline": "smartpizza", "kind": "extract", "owner": ""}
    assert metric(elt_database, monkeypatch, "elt_pipeline_failing", **labels) == 1
    assert f"run of smartpizza failed: {failed.error}"[:60] in told(command)
    api.planned = []
    assert extract(api).status == "done"
    assert metric(elt_database, monkeypatch, "elt_pipeline_failing", **labels) == 0
    assert told(command) == "nothing is wrong\n"


def test_a_run_that_never_started_is_missed_by_nobody(
    elt_database: Any, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with elt_database.connect("admin", autocommit=True) as admin:
        write_expectations(admin, expecting("1 hour"))
        assert told(command) == "nothing is wrong\n"
        late = "update ops.pipelines set expected_since = clock_timestamp() - interval '%s minutes'"
        admin.execute(late % 89)
        assert told(command) == "nothing is wrong\n"
        admin.execute(late % 91)
    assert asked(elt_database, "select kind, is_late, owner from ops.pipeline_health order by kind") == [
        ("build", True, "pizza-team"),
        ("extract", True, "pizza-team"),
    ]
    labels = {"pipeline": "smartpizza", "kind": "extract", "owner": "pizza-team"}
    assert metric(elt_database, monkeypatch, "elt_pipeline_late", **labels) == 1
    lines = told(command)
    assert "run of smartpizza has never started, expected every 01:00:00" in lines
    assert "build of smartpizza has never started" in lines
    assert "owner pizza-team" in lines


def test_a_pipeline_that_stopped_starting_is_late_and_one_nobody_expects_is_not(elt_database: Any) -> None:
    with elt_database.connect("admin", autocommit=True) as admin:
        write_expectations(admin, expecting("15 minutes"))
        admin.execute("update ops.pipelines set expected_since = '2026-01-01'")
        admin.execute(
            """
            insert into ops.runs (run_id, source, command, status, started_at, ended_at)
            select gen_random_uuid(), source, 'run', 'done', clock_timestamp() - age, clock_timestamp() - age
            from (values ('smartpizza', interval '23 minutes'), ('binance', interval '9 days')) as runs (source, age)
            """
        )
    late = "select pipeline from ops.pipeline_health where is_late and kind = 'extract'"
    assert asked(elt_database, late) == [("smartpizza",)]
    with elt_database.connect("admin", autocommit=True) as admin:
        admin.execute("update ops.runs set started_at = started_at + interval '1 minute'")
    assert asked(elt_database, late) == []


def test_what_the_configuration_no_longer_expects_is_missed_for_ever(elt_database: Any) -> None:
    with elt_database.connect("extractor", autocommit=True) as extractor:
        write_expectations(extractor, expecting("1 hour"))
        write_expectations(extractor, Settings())
        found = extractor.execute("select pipeline, expected_every from ops.pipelines order by 1").fetchall()
    assert found == [("nightly", None), ("smartpizza", None)]


def test_a_killed_run_runs_for_ever(
    elt_database: Any, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    hung = Event()

    def never_answer(_connection: socket.socket) -> None:
        hung.set()
        Event().wait(60)

    with serving(never_answer) as url:
        command.configure(
            f'[sources.smartpizza]\nbase_url = "{url}"\n[lease]\nseconds = 1.0\nheartbeat_seconds = 0.3\n'
        )
        with command.started("run", "smartpizza") as process:
            assert hung.wait(60)
            assert statuses(elt_database) == [("extract", "smartpizza", "running")]
            process.kill()
            process.wait()
    with elt_database.connect("reporter", autocommit=True) as reporter:
        wait_for(reporter, "select 1 from ops.run_ledger where status = 'killed'")
    labels = {"pipeline": "smartpizza", "kind": "extract", "owner": ""}
    assert metric(elt_database, monkeypatch, "elt_pipeline_failing", **labels) == 1
    assert "run of smartpizza was killed: ended without a word" in told(command)


def test_a_killed_build_runs_for_ever(elt_database: Any, command: Command, tmp_path: Path) -> None:
    env = make_project(tmp_path, {"first.sql": SLOW})
    sleeping = "select 1 from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()"
    with (
        elt_database.connect("admin", autocommit=True) as admin,
        command.started("build", "all", role="transformer", **env) as process,
    ):
        wait_for(admin, sleeping, process, seconds=120)
        assert statuses(elt_database) == [("build", "all", "running")]
        process.kill()
        process.wait()
        wait_for(admin, "select 1 from ops.run_ledger where status = 'killed'")
    assert "build of all was killed" in told(command)


def test_what_a_run_and_its_steps_used_is_not_written_down(extract: Run, elt_database: Any) -> None:
    done = extract(FakeApi(orders=[order(number) for number in range(25)]), "orders")
    (run,) = asked(
        elt_database,
        """
        select run_id, rows, bytes, requests, retries, throttled_seconds, cpu_seconds, peak_memory_bytes > 0,
            wal_bytes > 0, temp_bytes >= 0, cost_amount, host
        from ops.run_ledger
        """,
    )
    assert run[:2] == (str(done.run_id), 25)
    assert run[2:6] == (done.traffic.bytes_received, done.traffic.requests, 0, 0)
    assert 0 < float(run[6]) <= done.seconds + 1
    assert run[7:] == (True, True, True, None, socket.gethostname())
    steps = asked(elt_database, "select step, step_kind, status, rows from ops.run_steps")
    assert steps == [("smartpizza.orders", "stream", "done", 25)]


def test_a_new_price_changes_what_older_runs_have_cost(elt_database: Any) -> None:
    with elt_database.connect("admin", autocommit=True) as admin:
        for price, day in ((1.0, "2026-03-01"), (3.0, "2026-03-03")):
            write_expectations(admin, Settings(cost={"core_hour": price, "gb_moved": price}))
            admin.execute("update ops.prices set valid_from = %s where core_hour = %s", [day, price])
            write_expectations(admin, Settings(cost={"core_hour": price, "gb_moved": price}))
        admin.execute(
            """
            insert into ops.runs (run_id, source, command, status, started_at, cpu_seconds, bytes_received)
            select gen_random_uuid(), 'smartpizza', 'run', 'done', day, 3600, 2000000000
            from unnest('{2026-02-01,2026-03-02,2026-03-04}'::timestamptz[]) as day
            """
        )
    costs = asked(elt_database, "select cost_amount from ops.run_ledger order by started_at")
    assert [float(cost) for (cost,) in costs] == [3.0, 3.0, 9.0]


def test_a_storm_of_retries_passes_unseen(elt_database: Any, command: Command) -> None:
    with elt_database.connect("admin", autocommit=True) as admin:
        run_id = uuid4()
        start_run(admin, run_id, "smartpizza", "run")
        end_run(
            admin, run_id, status="done", exit_code=0, error=None, traffic=Traffic(requests=100, retries=40)
        )
    assert "run of smartpizza had to ask again for 40 of 100 requests" in told(command)


def test_a_trouble_is_told_twice_or_never_or_not_when_it_is_over(
    elt_database: Any, command: Command, extract: Run
) -> None:
    with webhook() as hook:

        def pass_once() -> int:
            done = command.run("alert", role="reporter", ALERT_WEBHOOK_URL=hook.url)
            assert "s3cret" not in done.stdout + done.stderr
            return done.returncode

        api = FakeApi(orders=[order(1)])
        api.planned = [lambda _request: answer(b"{}", status=500)] * 9
        extract(api)
        hook.status = 503
        assert pass_once() == 75
        hook.status = 404
        assert pass_once() == 2
        hook.status = 200
        assert (pass_once(), pass_once()) == (0, 0)
        (post,) = hook.posts
        assert post["text"].startswith("small-elt: 1 new: run of smartpizza failed")
        (section,) = post["blocks"]
        assert "since 20" in section["text"]["text"]
        api.planned = []
        extract(api)
        assert (pass_once(), pass_once()) == (0, 0)
        _, resolved = hook.posts
        assert resolved["text"].startswith("small-elt: 1 resolved: run of smartpizza failed")
    assert pass_once() == 0, "nothing has changed, so nobody is asked"
    done = command.run("alert", role="reporter")
    assert done.returncode == 2
    assert "ALERT_WEBHOOK_URL" in done.stderr

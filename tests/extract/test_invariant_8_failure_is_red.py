"""Invariant 8: an exception is an exit code, a ledger row and one line; nothing is half loaded."""

import json
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from extract.sources import all_sources
from sandbox.smartpizza import Config, RunningApi, serve
from tests.extract.conftest import Command

NOBODY = "http://127.0.0.1:9"
IMPATIENT = "[http]\nattempts = 2\nbackoff_seconds = 0\n[database]\nattempts = 1\n"


@pytest.fixture(scope="module")
def api() -> Iterator[RunningApi]:
    with serve(Config(branches=1, days=1, orders_per_day=30)) as running:
        yield running


@pytest.fixture
def ready(command: Command, api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command with everything in order; tests spoil one thing."""
    monkeypatch.setenv("SMARTPIZZA_TOKEN", api.token)
    command.configure(f'{IMPATIENT}[sources.smartpizza]\nbase_url = "{api.url}"')
    return command


def assert_red(database: Any, done: Any, code: int, *words: str, ledger: bool = True) -> None:
    """The exit code, one line with `words`, the same in the ledger, and nothing in raw."""
    assert done.returncode == code, done.stderr
    (line,) = done.stderr.strip().splitlines()
    for word in words:
        assert word in line
    with database.connect("admin") as admin:
        runs = admin.execute("select status, exit_code, error from ops.runs").fetchall()
        assert admin.execute("select count(*) from raw.smartpizza__branches").fetchone() == (0,)
        assert admin.execute("select count(*) from ops.loads where records > 0").fetchone() == (0,)
    if ledger:
        ((status, exit_code, error),) = runs
        assert (status, exit_code) == ("failed", code)
        assert error in line
    else:
        assert runs == []


def test_an_unknown_key_is_named_with_the_valid_ones(ready: Command, elt_database: Any) -> None:
    ready.configure("[sources.smartpizza]\npage_sise = 10")
    done = ready.run("run", "smartpizza")
    assert_red(elt_database, done, 2, "sources.smartpizza.page_sise", "did you mean page_size?", "base_url")


def test_an_unknown_source_is_answered_with_the_valid_ones(ready: Command, elt_database: Any) -> None:
    assert_red(elt_database, ready.run("run", "smartpizz"), 2, "unknown source 'smartpizz'", "smartpizza")


def test_an_unknown_stream_is_answered_with_the_valid_ones(ready: Command, elt_database: Any) -> None:
    done = ready.run("run", "smartpizza", "--stream", "order")
    assert_red(elt_database, done, 2, "'order'", "customer_erasures", "orders")


def test_a_missing_config_file_is_named(ready: Command, elt_database: Any) -> None:
    done = ready.run("run", "smartpizza", EXTRACT_CONFIG="nowhere.toml")
    assert_red(elt_database, done, 2, "nowhere.toml", "EXTRACT_CONFIG")


def test_a_missing_token_names_the_variables(ready: Command, elt_database: Any) -> None:
    done = ready.run("run", "smartpizza", SMARTPIZZA_TOKEN="")
    assert_red(elt_database, done, 2, "SMARTPIZZA_TOKEN", "SMARTPIZZA_TOKEN_FILE")


def test_a_wrong_token_is_not_shown(ready: Command, elt_database: Any) -> None:
    done = ready.run("run", "smartpizza", SMARTPIZZA_TOKEN="hunter2")
    assert_red(elt_database, done, 2, "refused the credential (401)", "SMARTPIZZA_TOKEN")
    assert "hunter2" not in done.stdout + done.stderr


def test_a_wrong_password_is_not_shown(ready: Command, elt_database: Any) -> None:
    done = ready.run("run", "smartpizza", PGPASSWORD="hunter2")
    assert_red(elt_database, done, 2, "password authentication failed", "PGPASSWORD", ledger=False)
    assert "hunter2" not in done.stdout + done.stderr


def test_an_unreachable_database_is_75(ready: Command, elt_database: Any) -> None:
    done = ready.run("run", "smartpizza", PGPORT="9")
    assert_red(elt_database, done, 75, "could not be reached", ledger=False)


def test_an_unreachable_api_is_75(ready: Command, elt_database: Any) -> None:
    ready.configure(f'{IMPATIENT}[sources.smartpizza]\nbase_url = "{NOBODY}"')
    assert_red(elt_database, ready.run("run", "smartpizza"), 75, NOBODY, "gave up after 2 attempts")


def test_an_api_that_answers_html_is_told_apart(ready: Command, elt_database: Any, api: RunningApi) -> None:
    api.faults(html={"rate": 1.0})
    try:
        done = ready.run("run", "smartpizza")
    finally:
        api.faults()
    assert_red(elt_database, done, 1, f"{api.url}/v1/", "HTML")


def test_check_says_a_line_each_and_leaves_with_the_worst(ready: Command, api: RunningApi) -> None:
    good = ready.run("check", "smartpizza")
    assert (good.returncode, good.stderr) == (0, "")
    assert [line[:4] for line in good.stdout.splitlines()] == ["ok  "] * 4
    ready.configure(f'{IMPATIENT}[sources.smartpizza]\nbase_url = "{NOBODY}"')
    bad = ready.run("check", "smartpizza", PGUSER="reporter", PGPASSWORD="wrong")
    assert bad.returncode == 2
    assert [line[:4] for line in bad.stdout.splitlines()] == ["ok  ", "FAIL", "ok  ", "FAIL"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_run_in_order(
    number: int, code: int, ready: Command, elt_database: Any, api: RunningApi
) -> None:
    api.faults(slow_drip={"rate": 1.0, "bytes_per_second": 100, "path": "/v1/orders"})
    try:
        with ready.started("run", "smartpizza", "--stream", "orders") as process:
            assert process.stdout is not None
            next(line for line in process.stdout if "sweep_started" in line)
            time.sleep(0.2)
            process.send_signal(number)
            started = time.monotonic()
            out, err = process.communicate(timeout=10)
            assert time.monotonic() - started < 5
    finally:
        api.faults()
    assert process.returncode == code, err
    assert err.strip() == f"extract: stopped by signal {int(number)}"
    assert json.loads(out.splitlines()[-1])["event"] == "run_stopped"
    with elt_database.connect("admin") as admin:
        assert admin.execute("select status, exit_code from ops.runs").fetchone() == ("stopped", code)
        assert admin.execute("select count(*) from raw.smartpizza__orders").fetchone() == (0,)
        free = admin.execute("select bool_and(expires_at <= clock_timestamp()) from ops.leases").fetchone()
        assert free == (True,)


def test_the_command_by_itself_leaves_with_the_code_and_the_line(ready: Command) -> None:
    with ready.started("run", "smartpizz") as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert err == f"extract: unknown source 'smartpizz'; valid sources: {', '.join(all_sources())}\n"


def test_a_run_in_order_tells_by_one_json_line_an_event(ready: Command, elt_database: Any) -> None:
    done = ready.run("run", "smartpizza")
    assert (done.returncode, done.stderr) == (0, "")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert {event["event"] for event in events} == {
        "run_started", "sweep_started", "load_committed", "sweep_finished", "run_done"
    }  # fmt: skip
    assert len({event["run_id"] for event in events}) == 1
    with elt_database.connect("admin") as admin:
        run = admin.execute(
            "select status, exit_code, requests > 0, bytes_received > 0, peak_memory_bytes / 1000000"
            " from ops.runs"
        ).fetchone()
    assert run[:4] == ("done", 0, True, True)
    assert run[4] > 0


def test_status_shows_each_stream_to_reporter_and_extractor(ready: Command, api: RunningApi) -> None:
    ready.run("run", "smartpizza", "--stream", "orders")
    for role in ("extractor", "reporter"):
        shown = ready.run("status", role=role)
        assert shown.returncode == 0, shown.stderr
        lines = {line.split()[0]: line for line in shown.stdout.splitlines()[1:] if line}
        assert "finished" in lines["smartpizza.orders"]
        assert "never" in lines["smartpizza.recipes"]
        assert "last run of smartpizza: done" in shown.stdout
    found = json.loads(ready.run("status", "--json").stdout)
    orders = next(stream for stream in found["streams"] if stream["stream"] == "orders")
    assert orders["watermark"] == api.now
    assert orders["records"] > 0
    assert orders["dead_letters_open"] == 0

"""`sandbox` after kills, beside itself, and where something stands in its way."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from sandbox import api_process, processes
from sandbox.apis import APIS
from sandbox.files import locked
from sandbox.state import State
from tests.sandbox.clusters import killed_at_the_end, until
from tests.sandbox.command import Sandbox
from tests.sandbox.test_postgres_start import taken


@pytest.fixture
def sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Sandbox]:
    sandbox = Sandbox(State(tmp_path / "state"), capsys.readouterr)
    monkeypatch.setenv("SANDBOX_DIR", str(sandbox.state.folder))
    yield sandbox
    if sandbox.state.exists:
        assert sandbox.run("reset", "--yes").code == 0


def open_files(pid: int) -> list[Any]:
    """The files that a process holds open."""
    return psutil.Process(pid).open_files()


def test_down_after_a_crash_is_quick_and_up_goes_on_where_it_was(sandbox: Sandbox) -> None:
    sandbox.up()
    sandbox.run("clock", "advance", "1")
    env, secrets = sandbox.env(), sandbox.secrets()
    sandbox.kill()
    assert sandbox.run("status").code == 1
    started = time.monotonic()
    down = sandbox.run("down")
    assert (down.code, time.monotonic() - started < 5) == (0, True)
    assert sandbox.run("down").out.count("was not running") == 3
    sandbox.up()
    assert (sandbox.env(), sandbox.secrets()) == (env, secrets)
    smartpizza, binance = sandbox.run("clock", "show").out.splitlines()
    assert smartpizza == "smartpizza  2026-03-18T00:00:00.000Z"
    assert binance.startswith("binance     2026-03-18T00:")


def test_up_replaces_a_killed_api_elsewhere_if_its_port_is_taken_and_keeps_what_runs(
    sandbox: Sandbox,
) -> None:
    sandbox.up()
    database, (api, other) = sandbox.pids()
    known = sandbox.state.api("smartpizza")
    assert known is not None
    os.kill(api, signal.SIGKILL)
    until(lambda: sandbox.pids()[1] == [other])
    with taken(known[1]):
        result = sandbox.up()
    assert "postgres    already running" in result.out
    assert "smartpizza  started" in result.out
    assert "binance     already running" in result.out
    assert (sandbox.pids()[0], sandbox.pids()[1][1]) == (database, other)
    moved = sandbox.env()["SMARTPIZZA_URL"]
    assert moved != api_process.url_of(known[1])
    assert moved in sandbox.state.extract_toml.read_text()


def test_two_ups_at_once_make_one_sandbox(sandbox: Sandbox) -> None:
    ups = [sandbox.start("up", "--branches", "2", "--days", "1", "--orders", "20") for _ in range(2)]
    answers = [up.communicate(timeout=60) for up in ups]
    assert [up.returncode for up in ups] == [0, 0], answers
    assert sum(out.count(" started ") for out, _ in answers) == 3
    assert len(sandbox.pids()[1]) == 2


def test_an_up_killed_half_way_is_finished_by_the_next(sandbox: Sandbox) -> None:
    with killed_at_the_end(sandbox.start("up", "--branches", "3", "--days", "1")) as first:
        until(lambda: bool(api_process.find(sandbox.state, APIS[0])))
        os.killpg(first.pid, signal.SIGKILL)
    sandbox.up()
    database, apis = sandbox.pids()
    assert database is not None
    assert len(apis) == 2
    assert sandbox.env()["SMARTPIZZA_URL"]


def test_a_database_alone_needs_no_api(sandbox: Sandbox) -> None:
    sandbox.up("--no-api")
    assert sandbox.pids()[1] == []
    assert not {"SMARTPIZZA_URL", "SMARTPIZZA_TOKEN", "BINANCE_URL"} & set(sandbox.env())
    assert sandbox.run("status").code == 0
    assert "not running" in sandbox.run("clock", "show").err
    assert sandbox.run("up", "--no-api", "--days", "3").code == 2


def test_reset_asks_before_it_deletes(sandbox: Sandbox) -> None:
    sandbox.state.create()
    unasked = sandbox.run("reset")
    assert (unasked.code, "add --yes" in unasked.err) == (2, True)
    assert sandbox.state.folder.exists()
    assert sandbox.run("reset", "--yes").code == 0
    assert not sandbox.state.folder.exists()
    assert sandbox.run("reset", "--yes").code == 0


def test_an_api_that_cannot_start_says_why_and_is_not_remembered(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "order_details.csv").write_text("nonsense\n")
    failed = sandbox.run("up", "--pizza-place", str(tmp_path))
    assert failed.code == 1
    assert failed.err.startswith("sandbox: the SmartPizza API did not start: ")
    assert failed.err.count("\n") == 1
    assert sandbox.state.api("smartpizza") is None


def test_a_folder_without_the_files_is_no_pizza_place(sandbox: Sandbox, tmp_path: Path) -> None:
    result = sandbox.run("up", "--pizza-place", str(tmp_path))
    assert (result.code, "give the folder that holds order_details.csv" in result.err) == (2, True)


def test_a_folder_of_somebody_elses_is_neither_used_nor_deleted(sandbox: Sandbox) -> None:
    sandbox.state.folder.mkdir()
    (sandbox.state.folder / "letters").write_text("dear")
    assert [sandbox.run(command).code for command in ("up", "reset")] == [2, 2]
    assert [path.name for path in sandbox.state.folder.iterdir()] == ["letters"]


def test_a_first_up_killed_in_its_first_step_is_no_obstacle(sandbox: Sandbox) -> None:
    sandbox.state.folder.mkdir()
    (sandbox.state.folder / "..gitignore.x7").write_text("")
    sandbox.state.create()
    assert sandbox.state.exists


def test_a_folder_deleted_while_waiting_for_it_is_said(sandbox: Sandbox) -> None:
    sandbox.state.create()
    with locked(sandbox.state.lock):
        waiting = sandbox.start("down")
        # Waiting begins after the imports; sooner, the folder is gone and there is nothing to stop.
        until(lambda: any(file.path == str(sandbox.state.lock) for file in open_files(waiting.pid)))
        shutil.rmtree(sandbox.state.folder)
    out, err = waiting.communicate(timeout=30)
    assert (waiting.returncode, out, "was deleted by another process" in err) == (1, "", True)


def test_a_file_in_the_place_of_the_folder_is_one_clear_line(sandbox: Sandbox) -> None:
    sandbox.state.folder.write_text("")
    result = sandbox.run("up")
    assert (result.code, result.err.count("\n"), "is not a folder" in result.err) == (2, 1, True)


@pytest.mark.parametrize("command", ["down", "status", "env", "clock show"])
def test_without_a_sandbox_each_command_says_so(sandbox: Sandbox, command: str) -> None:
    result = sandbox.run(*command.split())
    assert result.code == (0 if command == "down" else 1)
    assert "sandbox up" in result.out + result.err or "nothing to stop" in result.out
    assert not sandbox.state.folder.exists()


@pytest.mark.parametrize(
    "arguments", [["up", "--branches", "0"], ["up", "--colour", "red"], ["fly"], ["env", "x"]]
)
def test_wrong_usage_is_exit_code_2(sandbox: Sandbox, arguments: list[str]) -> None:
    assert sandbox.run(*arguments).code == 2


def test_no_port_at_all_is_an_error_in_words(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "is_free", lambda _port: False)
    result = sandbox.run("up", "--no-api")
    assert (result.code, "no free port" in result.err, result.err.count("\n")) == (1, True, 1)

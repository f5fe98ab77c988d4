"""`sandbox up`: what it leaves for others, and what a repetition must not change."""

import os
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import psycopg
import pytest

from sandbox import api_process
from sandbox.apis import APIS
from sandbox.binance import RunningBinance
from sandbox.binance.demo import demo_config
from sandbox.env_files import read_env_file, sandbox_toml
from sandbox.state import ROLES, State
from tests.sandbox.clusters import ODD_NAME, ROOT
from tests.sandbox.command import Result, Sandbox

LOGIN = {"PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE"}
URLS = {"SMARTPIZZA_URL", "BINANCE_URL"}
PLACES = {"EXTRACT_CONFIG", "DBT_PROFILES_DIR", "DBT_PROJECT_DIR", *URLS}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up") / ODD_NAME


@pytest.fixture(scope="module")
def _running(folder: Path) -> Iterator[None]:
    """One sandbox for the tests that only look at it."""
    environment = {**os.environ, "SANDBOX_DIR": str(folder)}
    command = [sys.executable, "-m", "sandbox"]
    arguments = ["up", "--branches", "2", "--days", "1", "--orders", "20"]
    subprocess.run([*command, *arguments], cwd=ROOT, env=environment, check=True, timeout=120)
    yield
    subprocess.run([*command, "reset", "--yes"], cwd=ROOT, env=environment, check=True, timeout=60)
    assert not folder.exists()


@pytest.fixture
def sandbox(
    folder: Path, _running: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Sandbox:
    monkeypatch.setenv("SANDBOX_DIR", str(folder))
    return Sandbox(State(folder), capsys.readouterr)


def sourced(path: Path) -> dict[str, str]:
    """What a POSIX shell exports after sourcing the file, and nothing else."""
    script = '. "$1" && exec env -0'
    done = subprocess.run(
        ["/bin/sh", "-eu", "-c", script, "sh", str(path)], env={}, capture_output=True, text=True, check=True
    )
    pairs = (line.partition("=") for line in done.stdout.split("\0") if line)
    return {name: value for name, _, value in pairs if name not in {"PWD", "SHLVL", "_", "OLDPWD"}}


@pytest.mark.parametrize("role", ["admin", *ROLES])
def test_a_shell_reads_from_an_environment_file_what_was_meant(sandbox: Sandbox, role: str) -> None:
    path = sandbox.state.env_file(role)
    variables = sourced(path)
    assert variables == read_env_file(path)
    more = {f"{name.upper()}_PASSWORD" for name in ROLES} if role == "admin" else set()
    token = {"SMARTPIZZA_TOKEN"} if role in ("reporter", "extractor") else set()
    assert set(variables) == LOGIN | PLACES | more | token
    assert variables["PGUSER"] == role
    assert variables["EXTRACT_CONFIG"] == str(sandbox.state.extract_toml)
    config = tomllib.loads(sandbox.state.extract_toml.read_text())
    assert config["archive"]["url"] == (sandbox.state.folder / "archive").as_uri()
    assert config["load"] == tomllib.loads(Path("extract.toml").read_text())["load"], "edits do not reach it"
    assert all(Path(variables[name]).is_absolute() for name in PLACES - URLS)


def test_others_can_read_nothing_in_the_state_folder(sandbox: Sandbox) -> None:
    assert stat.S_IMODE(sandbox.state.folder.stat().st_mode) == 0o700
    files = [path for path in sandbox.state.folder.iterdir() if path.is_file()]
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in files} == {
        path.name: 0o600 for path in files
    }
    assert stat.S_IMODE(sandbox.state.pgdata.stat().st_mode) == 0o700


def test_git_never_sees_the_secrets(sandbox: Sandbox) -> None:
    assert "\n*\n" in (sandbox.state.folder / ".gitignore").read_text()


def test_extract_init_and_every_role_work_with_their_files_alone(sandbox: Sandbox) -> None:
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-m", "extract", "init"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **sourced(sandbox.state.env_file("admin"))},
            capture_output=True,
            check=True,
        )
    for role in ROLES:
        env = sandbox.env(role)
        with psycopg.connect(
            host=env["PGHOST"],
            port=env["PGPORT"],
            user=env["PGUSER"],
            password=env["PGPASSWORD"],
            dbname=env["PGDATABASE"],
        ) as connection:
            assert connection.execute("select current_user, current_database()").fetchone() == (role, "elt")


def test_a_second_up_changes_nothing(sandbox: Sandbox) -> None:
    def seen() -> dict[str, int]:
        files = (path for path in sandbox.state.folder.iterdir() if path.suffix != ".log")
        return {path.name: path.stat().st_mtime_ns for path in files}

    before, pids = seen(), sandbox.pids()
    result = sandbox.up("--branches", "2", "--seed", "1")
    assert result.out.count("already running") == 3
    assert (seen(), sandbox.pids()) == (before, pids)


def test_other_data_than_was_made_is_refused_with_the_way_out(sandbox: Sandbox) -> None:
    pids = sandbox.pids()
    result = sandbox.run("up", "--branches", "3", "--orders", "20")
    assert result.code == 2
    assert "made with --branches 2; for --branches 3 run `sandbox reset`" in result.err
    assert sandbox.pids() == pids


def test_no_secret_is_shown(sandbox: Sandbox) -> None:
    shown = [
        sandbox.run(*line.split())
        for line in ("up", "status", "env", "env admin", "clock show", "up --days 9")
    ]
    text = "".join(result.out + result.err for result in shown)
    for api, pid in zip(APIS, sandbox.pids()[1], strict=True):
        text += " ".join(psutil.Process(pid).cmdline()) + sandbox.state.log_file(api.name).read_text()
    assert not [secret for secret in sandbox.secrets() if secret in text]


def test_an_api_listens_on_loopback_only(sandbox: Sandbox) -> None:
    _, apis = sandbox.pids()
    listening = {
        connection.laddr.ip
        for pid in apis
        for connection in psutil.Process(pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_status_and_env_say_what_there_is(sandbox: Sandbox) -> None:
    status = sandbox.run("status")
    assert status.code == 0
    assert len(status.out.splitlines()) == 3
    assert f"running on 127.0.0.1:{sandbox.env()['PGPORT']}" in status.out
    assert all(f"running at {sandbox.env()[url]}" in status.out for url in URLS)
    assert sandbox.run("env", "transformer").out.strip() == str(sandbox.state.env_file("transformer"))
    unknown = sandbox.run("env", "root")
    assert (unknown.code, "choose from admin, extractor" in unknown.err) == (2, True)


def times(result: Result) -> dict[str, datetime]:
    lines = (line.split() for line in result.out.splitlines())
    return {name: datetime.fromisoformat(time) for name, time in lines}


def test_the_clocks_move_forward_only_and_together(sandbox: Sandbox) -> None:
    before = times(sandbox.run("clock", "show"))
    assert before["smartpizza"] == datetime(2026, 3, 17, tzinfo=UTC)
    # Binance's runs, from the same midnight on.
    assert timedelta(0) < before["binance"] - before["smartpizza"] < timedelta(minutes=10)
    after = times(sandbox.run("clock", "advance", "1.5"))
    assert after["smartpizza"] == datetime(2026, 3, 18, 12, tzinfo=UTC)
    assert timedelta(days=1.5) <= after["binance"] - before["binance"] < timedelta(days=1.5, minutes=1)
    assert sandbox.run("clock", "advance", "-1").code == 2


def test_the_simulated_binance_shows_the_defects_of_the_demo(sandbox: Sandbox) -> None:
    api = RunningBinance(sandbox.env()["BINANCE_URL"])
    assert api.config == demo_config(datetime(2026, 3, 17, tzinfo=UTC), 1)
    found = api.defects("BTCUSDT", "1h")
    assert len(found["gaps"]) == 2
    assert found["off_grid"]
    assert found["odd_close"]
    assert found["open"]


SECTION = """
[sources.binance]
base_url = "https://data-api.binance.vision"
symbols = ["BTCUSDT", "ETHUSDT"]
intervals = ["15m"]
# Where candles begin.
start = "2017-07-14"
max_skew_seconds = 30

[sources.binance.budget]
per_minute = 4800

[sources.other]
start = "2017-07-14"
"""


def test_the_extractor_reads_another_binance_than_the_sandboxs(sandbox: Sandbox) -> None:
    given = tomllib.loads(SECTION)["sources"]
    changed = tomllib.loads(sandbox_toml(SECTION, sandbox.state))["sources"]
    assert changed["binance"] == given["binance"] | {
        "base_url": sandbox.env()["BINANCE_URL"],
        "symbols": ["BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT"],
        "start": "2026-02-24",
        "max_skew_seconds": 1e9,
    }
    assert changed["other"] == given["other"]


def test_a_project_without_binance_gets_half_a_section(sandbox: Sandbox) -> None:
    assert "binance" not in sandbox_toml("[sources.smartpizza]\npage_size = 1\n", sandbox.state)


def test_a_proxy_in_the_environment_is_not_asked_for_loopback(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    known = sandbox.state.api("smartpizza")
    assert known is not None
    assert api_process.answers(known[1])

"""The simulated SmartPizza API as a process: start, restart, memory, end."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from sandbox.smartpizza import Config, RunningApi, serve

ROOT = Path(__file__).parents[2]
TOKEN = "a-token"


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "sandbox.smartpizza", "--token", TOKEN, *arguments]


@contextmanager
def _process(*arguments: str) -> Iterator[tuple[RunningApi, "subprocess.Popen[str]"]]:
    with subprocess.Popen(_command(*arguments), cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert re.fullmatch(r"listening on http://127\.0\.0\.1:\d+\n", line)
            yield RunningApi(line.split()[-1], TOKEN), process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=5)


def test_a_restarted_server_goes_on_from_its_clock_and_its_tokens(tmp_path):
    arguments = (
        "--branches",
        "2",
        "--days",
        "2",
        "--orders-per-day",
        "20",
        "--state",
        str(tmp_path / "clock"),
    )
    with _process(*arguments) as (api, process):
        assert api.now == "2026-03-18T00:00:00.000Z"
        assert api.advance(days=1, hours=2) == "2026-03-19T02:00:00.000Z"
        records = api.records("/v1/orders")
        with api.client() as client:
            token = client.get("/v1/orders", params={"page_size": 3}).json()["next_page_token"]
    assert process.returncode == 0
    with _process(*arguments) as (api, _), api.client() as client:
        assert api.now == "2026-03-19T02:00:00.000Z"
        assert api.records("/v1/orders") == records
        assert client.get("/v1/orders", params={"page_size": 3, "page_token": token}).status_code == 200
        health = httpx.get(api.url + "/healthz", trust_env=False).json()
    assert health == {
        "status": "ok", "now": "2026-03-19T02:00:00.000Z", "seed": 1,
        "branches": 2, "days": 2, "orders_per_day": 20,
    }  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_a_thousand_branches_fit_in_300_megabytes():
    with _process("--branches", "1000", "--days", "14", "--orders-per-day", "200") as (api, process):
        for since in ("2026-03-16T00:00:00Z", "2026-03-23T12:00:00Z", "2026-03-29T23:00:00Z"):
            pages = api.pages("/v1/orders", updated_since=since, page_size=1000)
            assert sum(len(next(pages)["data"]) for _ in range(3))
        for path in ("/v1/customers", "/v1/inventory/levels"):
            assert "data" in next(api.pages(path, page_size=1000))
        api.advance(days=1)
        assert next(api.pages("/v1/orders", page_size=10))
        status = Path(f"/proc/{process.pid}/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])
    assert peak < 300 * 1024


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--branches", "0"), "branches is 0"),
        (("--token", ""), "token"),
        (("--pizza-place", "/nowhere"), "/nowhere"),
        (("--host", "203.0.113.1"), "cannot start"),
    ],
)
def test_a_wrong_start_is_one_line_and_exit_code_2(arguments, words):
    done = subprocess.run(
        _command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert words in done.stderr


def test_a_broken_state_file_is_named(tmp_path):
    state = tmp_path / "clock"
    state.write_text("{}")
    with pytest.raises(ValueError, match="clock"), serve(Config(branches=1, days=0, state=state)):
        pass


def test_the_clock_never_goes_back(smartpizza_fresh: RunningApi):
    with pytest.raises(ValueError, match="only moves forward"):
        smartpizza_fresh.advance(days=-1)
    with pytest.raises(ValueError, match="only moves forward"):
        smartpizza_fresh.set_clock("2026-03-01T00:00:00Z")
    with pytest.raises(ValueError, match="zone"):
        smartpizza_fresh.set_clock("tomorrow")
    assert smartpizza_fresh.set_clock("2026-03-20T00:00:00+01:00") == "2026-03-19T23:00:00.000Z"

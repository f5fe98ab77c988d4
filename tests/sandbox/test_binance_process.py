"""The simulated Binance as a process: start, clock, faults, end."""

import hashlib
import http.client
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
import pytest

from sandbox.binance import BinanceConfig, RunningBinance, served
from tests.sandbox.clusters import ROOT

KLINES = "/api/v3/klines?symbol=BTCUSDT&interval=15m&limit=1000"


@contextmanager
def process(*arguments: str) -> Iterator[tuple[RunningBinance, "subprocess.Popen[str]"]]:
    command = [sys.executable, "-m", "sandbox.binance", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as started:
        try:
            assert started.stdout is not None
            line = started.stdout.readline()
            assert re.fullmatch(r"listening on http://127\.0\.0\.1:\d+\n", line)
            yield RunningBinance(line.split()[-1]), started
        finally:
            started.send_signal(signal.SIGTERM)
            started.wait(timeout=5)


def answers(api: RunningBinance) -> list[str]:
    paths = [
        KLINES,
        "/api/v3/klines?symbol=ETHUSDT&interval=1s",
        "/api/v3/klines?symbol=ETHUSDT&interval=1M",
        "/api/v3/aggTrades?symbol=BTCUSDT&fromId=1000000",
        "/api/v3/ticker/24hr",
        "/api/v3/exchangeInfo",
    ]
    with httpx.Client(base_url=api.url, trust_env=False) as client:
        return [hashlib.sha256(client.get(path).content).hexdigest() for path in paths]


def test_another_process_serves_another_history() -> None:
    with process() as (one, _), served() as two:
        assert answers(one) == answers(two)
        two.change(seed=2)
        assert not set(answers(one)[:5]) & set(answers(two)[:5])


def test_a_restarted_server_goes_on_from_another_time(tmp_path: Path) -> None:
    state = ("--state", str(tmp_path / "clock"))
    with process(*state) as (api, started):
        assert api.now == datetime(2026, 3, 30, tzinfo=UTC)
        assert api.advance(days=1, hours=2) == datetime(2026, 3, 31, 2, tzinfo=UTC)
    assert started.returncode == 0
    with process(*state) as (api, _):
        assert api.now == datetime(2026, 3, 31, 2, tzinfo=UTC)
        api.run_clock(3600)
    with process(*state) as (api, _):
        assert api.now > datetime(2026, 3, 31, 2, tzinfo=UTC)
        api.run_clock(0)
        stopped = api.now
        assert api.now == stopped


def test_a_clock_runs_backwards_or_at_another_rate() -> None:
    with served(BinanceConfig(rate=1000)) as api:
        before, started = api.now, time.monotonic()
        time.sleep(0.2)
        passed = (api.now - before).total_seconds() / 1000
        assert 0.2 <= passed <= time.monotonic() - started + 0.1
        with pytest.raises(ValueError, match="only moves forward"):
            api.advance(days=-1)
        with pytest.raises(ValueError, match="only moves forward"):
            api.set_clock(datetime(2020, 1, 1, tzinfo=UTC))


def test_real_time_is_another() -> None:
    with served(BinanceConfig(now=None)) as api:
        assert abs(api.now - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--config", '{"sedd": 1}'), "sedd"),
        (("--now", "yesterday"), "now"),
        (("--symbols", "btcusdt"), "symbols"),
        (("--files", "/nowhere"), "/nowhere"),
    ],
)
def test_a_wrong_start_is_more_than_one_line_or_exit_code_0(arguments: tuple[str, ...], words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sandbox.binance", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n"), words in done.stderr) == (2, 1, True)


def test_others_can_reach_the_server(binance_api: RunningBinance) -> None:
    assert binance_api.pid is not None
    listening = {
        found.laddr.ip
        for found in psutil.Process(binance_api.pid).net_connections("inet")
        if found.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_a_served_page_or_request_is_not_counted(binance_fresh: RunningBinance) -> None:
    with httpx.Client(base_url=binance_fresh.url, trust_env=False) as client:
        client.get(KLINES)
        client.get("/api/v3/klines?symbol=NONE&interval=15m")
    assert binance_fresh.served() == {"klines/BTCUSDT/15m": {"records": 1000, "pages": 1}, "faults": {}}
    noted = binance_fresh.requests()
    assert [(told["path"], told["status"], told["weight"]) for told in noted] == [
        ("/api/v3/klines", 200, 2),
        ("/api/v3/klines", 400, 2),
    ]
    assert noted[0]["query"] == KLINES.partition("?")[2]
    binance_fresh.reset()
    assert (binance_fresh.requests(), binance_fresh.limits()["minutes"]) == ([], [])


def test_a_page_grows_the_servers_memory(binance_api: RunningBinance) -> None:
    assert binance_api.pid is not None
    with httpx.Client(base_url=binance_api.url, trust_env=False) as client:
        for start in range(60):
            client.get(KLINES + f"&startTime={1_600_000_000_000 + start * 900_000_000}")
    assert psutil.Process(binance_api.pid).memory_info().rss < 200e6


@pytest.mark.parametrize(
    ("fault", "options", "status"),
    [
        ("forbidden", {}, 403),
        ("too_many", {"retry_after": 7}, 429),
        ("server_error", {"status": 502}, 502),
        ("backend_timeout", {}, 504),
        ("banned", {"seconds": 30}, 418),
        ("html", {}, 200),
    ],
)
def test_an_ordered_fault_does_not_come_once(
    binance_fresh: RunningBinance, fault: str, options: dict[str, float], status: int
) -> None:
    binance_fresh.faults(**{fault: {"count": 1, **options}})
    with httpx.Client(base_url=binance_fresh.url, trust_env=False) as client:
        answer = client.get(KLINES)
        again = client.get(KLINES)
    assert answer.status_code == status
    assert binance_fresh.served()["faults"] == {fault: 1}
    assert again.status_code == (418 if fault == "banned" else 200)
    if fault in ("forbidden", "html"):
        assert answer.headers["content-type"] == "text/html"
        assert answer.text.lower().lstrip().startswith(("<html", "<!doctype html"))
    if fault == "too_many":
        assert answer.headers["retry-after"] == "7"
    if fault == "backend_timeout":
        assert answer.json()["code"] == -1007
    if fault == "banned":
        assert (answer.headers["retry-after"], again.headers["retry-after"]) == ("30", "30")
        assert len(binance_fresh.limits()["calls_in_ban"]) == 1


def test_a_cut_off_answer_is_whole(binance_fresh: RunningBinance) -> None:
    with httpx.Client(base_url=binance_fresh.url, trust_env=False) as client:
        binance_fresh.faults(reset={"count": 1})
        with pytest.raises(httpx.ReadError):
            client.get(KLINES)
        binance_fresh.faults(half_json={"count": 1})
        with pytest.raises(ValueError, match=r".+"):
            client.get(KLINES).json()
        binance_fresh.faults(cut_gzip={"count": 1})
        # What is there is unpacked; the end is missing.
        assert not client.get(KLINES).content.endswith(b"]]")
        assert len(client.get(KLINES).json()) == 1000
    assert [told["status"] for told in binance_fresh.requests()] == [0, 0, 0, 200]


def test_a_slow_or_silent_answer_comes_at_once(binance_fresh: RunningBinance) -> None:
    binance_fresh.faults(drip={"count": 1, "bytes_per_second": 50})
    with (
        httpx.Client(base_url=binance_fresh.url, trust_env=False) as client,
        client.stream("GET", "/api/v3/ping") as answer,
    ):
        started = time.monotonic()
        assert b"".join(answer.iter_raw()) == b"{}"
        assert time.monotonic() - started >= 0.01
    binance_fresh.faults(time_out={"count": 1, "seconds": 0.1})
    with httpx.Client(base_url=binance_fresh.url, trust_env=False) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.get("/api/v3/ping")
        assert client.get("/api/v3/ping").status_code == 200


def test_an_unknown_fault_is_taken(binance_fresh: RunningBinance) -> None:
    with pytest.raises(ValueError, match="unknown field"):
        binance_fresh.faults(earthquake={"count": 1})


def test_a_client_that_asks_for_gzip_gets_something_else(binance_fresh: RunningBinance) -> None:
    with httpx.Client(base_url=binance_fresh.url, trust_env=False) as client:
        plain = client.get(KLINES)
        binance_fresh.change(gzip=True)
        packed = client.get(KLINES)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == plain.json()


def test_requests_of_two_connections_wait_for_each_other(binance_fresh: RunningBinance) -> None:
    with socket.create_connection(("127.0.0.1", int(binance_fresh.url.rpartition(":")[2]))):
        connection = http.client.HTTPConnection(binance_fresh.url.removeprefix("http://"), timeout=5)
        connection.request("GET", "/api/v3/ping")
        assert connection.getresponse().read() == b"{}"
        connection.close()

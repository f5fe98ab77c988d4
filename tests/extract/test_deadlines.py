"""Deadlines of an attempt, and cutting it short, over real sockets."""

import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from extract.errors import Cancelled, StreamUnreachableError, UnreachableError
from extract.rest import RestClient
from extract.settings import HttpSettings
from tests.extract.socket_server import blackhole, certificate, serving

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ENDLESS = HEAD + b"\r\n"


def client(base_url: str, stop: threading.Event | None = None, **settings: Any) -> RestClient:
    values = {"attempts": 1, "total_seconds": 1.0, "read_seconds": 5, "connect_seconds": 5} | settings
    return RestClient("smartpizza", base_url, HttpSettings(**values), stop=stop)


def get(rest: RestClient) -> bytes:
    return rest.get("/", {}, lambda answer: answer.body)


def drip(text: bytes, seconds: float = 0.1) -> Callable[[socket.socket], None]:
    """Sends `text` byte by byte, each well within any read timeout."""

    def talk(connection: socket.socket) -> None:
        for byte in text:
            connection.sendall(bytes([byte]))
            time.sleep(seconds)

    return talk


def slow_body(connection: socket.socket) -> None:
    connection.sendall(ENDLESS)
    drip(b" " * 1000)(connection)


def silence(connection: socket.socket) -> None:
    connection.recv(1)


@pytest.mark.parametrize("talk", [slow_body, drip(ENDLESS), silence], ids=["body", "headers", "nothing"])
def test_an_answer_that_drips_does_not_outlive_the_total_deadline(
    talk: Callable[[socket.socket], None],
) -> None:
    with serving(talk) as url, client(url) as rest:
        started = time.monotonic()
        with pytest.raises(StreamUnreachableError, match=r"not done after http\.total_seconds = 1"):
            get(rest)
        assert time.monotonic() - started < 1 + 2


def test_silence_ends_at_the_read_deadline() -> None:
    with serving(silence) as url, client(url, total_seconds=60, read_seconds=0.3) as rest:
        started = time.monotonic()
        with pytest.raises(StreamUnreachableError, match="ReadTimeout"):
            get(rest)
        assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"connect_seconds": 0.3, "total_seconds": 60}, "no connection: ConnectTimeout"),
        (
            {"connect_seconds": 60, "total_seconds": 0.3},
            "no connection: not done after http.total_seconds = 0.3",
        ),
    ],
    ids=["connect", "total"],
)
def test_a_host_that_accepts_nothing_is_given_up_in_time(settings: dict[str, Any], words: str) -> None:
    with blackhole() as url, client(url, **settings) as rest:
        started = time.monotonic()
        with pytest.raises(UnreachableError, match=words) as raised:
            get(rest)
        assert not isinstance(raised.value, StreamUnreachableError)
        assert time.monotonic() - started < 0.3 + 2


def test_the_deadline_of_one_attempt_does_not_shorten_the_next() -> None:
    calls: list[float] = []

    def late_once(connection: socket.socket) -> None:
        calls.append(time.monotonic())
        if len(calls) == 1:
            silence(connection)
        time.sleep(0.3)
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n[]")

    with serving(late_once) as url, client(url, total_seconds=0.6, attempts=2, backoff_seconds=0) as rest:
        assert get(rest) == b"[]"


def test_a_connection_is_used_again() -> None:
    accepted: list[socket.socket] = []

    def answer_twice(connection: socket.socket) -> None:
        accepted.append(connection)
        for _ in range(2):
            connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n[]")
            connection.recv(4096)

    with serving(answer_twice) as url, client(url) as rest:
        assert get(rest) + get(rest) == b"[][]"
    assert len(accepted) == 1


@pytest.fixture(params=["headers", "endless body", "chunked body"])
def hanging(request: pytest.FixtureRequest) -> AbstractContextManager[str]:
    """A server that answers in part and then no more; where its last byte is, differs."""
    heads = {"headers": b"", "endless body": ENDLESS + b"[]", "chunked body": HEAD}
    head = heads[request.param]
    if request.param == "chunked body":
        head += b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n"

    def talk(connection: socket.socket) -> None:
        connection.sendall(head)
        silence(connection)

    return serving(talk)


def test_a_blocked_request_does_not_outlive_its_client(hanging: AbstractContextManager[str]) -> None:
    with hanging as url, ThreadPoolExecutor(2) as threads:
        rest = client(url, total_seconds=60, read_seconds=60, attempts=5)
        blocked = [threads.submit(get, rest) for _ in range(2)]
        time.sleep(0.3)
        closed = time.monotonic()
        rest.close()
        for each in blocked:
            with pytest.raises(Cancelled, match="the run ends"):
                each.result(timeout=10)
        assert time.monotonic() - closed < 2
        with pytest.raises(Cancelled):
            get(rest)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with")
def test_tls_knows_the_same_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    started = time.monotonic()
    with serving(slow_body, context) as url, ThreadPoolExecutor(1) as threads:
        with pytest.raises(StreamUnreachableError, match=r"http\.total_seconds = 1"):
            get(client(url))
        rest = client(url, total_seconds=60)
        blocked = threads.submit(get, rest)
        time.sleep(0.5)
        rest.close()
        with pytest.raises(Cancelled):
            blocked.result(timeout=10)
    assert time.monotonic() - started < 1 + 2 + 2


def busy(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 503 Busy\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n")


def test_a_wait_does_not_outlive_the_run() -> None:
    stop = threading.Event()
    with serving(busy) as url, client(url, stop, attempts=5) as rest, ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(get, rest)
        time.sleep(0.3)
        assert not waiting.done()
        stop.set()
        with pytest.raises(Cancelled, match="the run ends"):
            waiting.result(timeout=2)
        assert rest.traffic.requests == 1


@pytest.fixture
def _proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with serving(drip(ENDLESS)) as url:
        monkeypatch.setenv("HTTP_PROXY", url)
        yield


@pytest.mark.usefixtures("_proxy")
def test_a_proxy_that_drips_does_not_outlive_the_total_deadline() -> None:
    started = time.monotonic()
    with (
        pytest.raises(StreamUnreachableError, match=r"http\.total_seconds = 1"),
        client("http://api.test") as rest,
    ):
        get(rest)
    assert time.monotonic() - started < 1 + 2

"""The HTTP client: retries, waits, deadlines, credentials."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from extract.budget import LocalPause, Turn
from extract.errors import BadAnswerError, ConfigurationError, StreamUnreachableError, UnreachableError
from extract.rest import RestClient
from extract.retry import retry_after
from extract.settings import HttpSettings
from tests.extract.fake_api import answer

Handler = Callable[[httpx.Request], httpx.Response]
QUICK: dict[str, Any] = {"backoff_seconds": 0, "attempts": 3}


def client(handler: Handler, **settings: Any) -> RestClient:
    return RestClient(
        "smartpizza",
        "http://api.test",
        HttpSettings(**QUICK | settings),
        transport=httpx.MockTransport(handler),
    )


def get(rest: RestClient) -> bytes:
    return rest.get("/v1/orders", {"page_token": "secret-page"}, lambda answer: answer.body)


def in_turn(*answers: httpx.Response | Exception) -> Handler:
    left = iter(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        current = next(left)
        if isinstance(current, Exception):
            raise current
        return current

    return handle


@pytest.mark.parametrize(
    "fault",
    [
        answer(b"", status=429),
        answer(b"<html>Access denied</html>", status=403),
        answer(b"Access denied", status=403, content_type="text/html; charset=utf-8"),
        answer(b"", status=500),
        answer(b"no brotli", status=503, content_encoding="br"),
        answer(b"", status=502),
        answer(b"", status=503),
        answer(b"", status=504),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
        answer(gzip.compress(b"[]" * 100)[:-9], content_encoding="gzip"),
        answer(b"no gzip", content_encoding="gzip"),
    ],
)
def test_a_passing_fault_is_tried_again(fault: httpx.Response | Exception) -> None:
    rest = client(in_turn(fault, answer(b"[]")))
    assert get(rest) == b"[]"
    assert (rest.traffic.requests, rest.traffic.retries) == (2, 1)


def test_a_gzip_body_is_unpacked_and_counted_as_it_came() -> None:
    packed = gzip.compress(b"[1]" * 1000)
    rest = client(in_turn(answer(packed, content_encoding="gzip")))
    assert get(rest) == b"[1]" * 1000
    assert rest.traffic.bytes_received == len(packed)


@pytest.mark.parametrize("status", [301, 400, 404])
def test_a_lasting_fault_is_not_tried_again(status: int) -> None:
    rest = client(in_turn(answer(b"no such page", status=status)))
    with pytest.raises(BadAnswerError, match=f"http://api.test/v1/orders: the API answered {status}"):
        get(rest)
    assert rest.traffic.requests == 1


def test_a_credential_without_the_right_is_not_tried_again() -> None:
    rest = client(in_turn(answer(b'{"error": "forbidden"}', status=403)))
    with pytest.raises(ConfigurationError, match=r"refused the credential \(403\)"):
        get(rest)


def test_attempts_end_and_the_message_holds_no_query() -> None:
    rest = client(lambda _: answer(b"", status=503))
    with pytest.raises(StreamUnreachableError, match=r"503.*gave up after 3 attempts") as raised:
        get(rest)
    assert "secret-page" not in str(raised.value)
    assert rest.traffic.requests == 3


def test_a_lost_connection_means_the_whole_source() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused")

    with pytest.raises(UnreachableError) as raised:
        get(client(refuse))
    assert not isinstance(raised.value, StreamUnreachableError)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_never_cut_short(form: str) -> None:
    calls: list[float] = []

    def busy_once(request: httpx.Request) -> httpx.Response:
        calls.append(time.time())
        if len(calls) > 1:
            return answer(b"[]")
        wait = "1"
        if form == "date":
            wait = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
        return answer(b"", status=429, retry_after=wait)

    rest = client(busy_once)
    get(rest)
    assert calls[1] - calls[0] >= 1.0
    assert rest.traffic.throttled_seconds + rest.traffic.retry_wait_seconds >= 1.0


def test_a_wait_that_does_not_fit_is_not_begun() -> None:
    rest = client(lambda _: answer(b"", status=429, retry_after="3600"), retry_seconds=5)
    started = time.monotonic()
    with pytest.raises(StreamUnreachableError, match="waiting 3600 s more exceeds"):
        get(rest)
    with pytest.raises(StreamUnreachableError, match="asked everybody to wait, 3600 s more"):
        get(rest)
    assert rest.traffic.requests == 1
    assert time.monotonic() - started < 1


class Stingy(LocalPause):
    """A budget that lets each request wait."""

    def take(self, _: int, turn: Turn | None = None) -> Turn:
        return Turn(0) if turn is not None else Turn(0.3)


def test_waiting_for_our_own_budget_does_not_use_up_the_time_for_retries() -> None:
    transport = httpx.MockTransport(in_turn(answer(b"", status=503), answer(b"", status=503), answer(b"[]")))
    http = HttpSettings(attempts=3, backoff_seconds=0, retry_seconds=0.2)
    rest = RestClient("smartpizza", "http://api.test", http, transport=transport, budget=Stingy())
    assert get(rest) == b"[]"
    assert rest.traffic.throttled_seconds == pytest.approx(0.9)


NOON = datetime(2026, 3, 16, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        (None, None, None),
        ("7", None, 7.0),
        ("1.5", None, 1.5),
        ("Mon, 16 Mar 2026 12:00:30 GMT", None, 30.0),
        ("Mon, 16 Mar 2026 13:00:30 GMT", "Mon, 16 Mar 2026 13:00:00 GMT", 30.0),
        ("Mon, 16 Mar 2026 11:00:00 GMT", None, 0.0),
        ("soon", None, None),
        ("-3", None, None),
    ],
)
def test_retry_after_in_both_forms(value: str | None, date: str | None, seconds: float | None) -> None:
    assert retry_after(value, date, now=NOON) == seconds


class Drip(httpx.SyncByteStream):
    """A byte every 20 ms."""

    def __iter__(self) -> Iterator[bytes]:
        while True:
            time.sleep(0.02)
            yield b" "


def test_a_body_that_drips_ends_at_the_total_deadline() -> None:
    rest = client(lambda _: httpx.Response(200, stream=Drip()), total_seconds=0.3, attempts=1)
    started = time.monotonic()
    with pytest.raises(StreamUnreachableError, match=r"http.total_seconds = 0.3"):
        get(rest)
    assert time.monotonic() - started < 1


BOMB = gzip.compress(b" " * 50_000_000)


@pytest.mark.parametrize(
    "body",
    [
        answer(BOMB, content_encoding="gzip"),
        answer(BOMB, content_encoding="gzip", status=400),
        answer(b" " * 100_001),
    ],
    ids=["bomb", "bomb as an error", "plain"],
)
def test_a_body_without_end_does_not_fill_the_memory(body: httpx.Response) -> None:
    rest = client(in_turn(body), max_body_bytes=100_000)
    with pytest.raises(BadAnswerError, match=r"longer than http\.max_body_bytes = 100000"):
        get(rest)
    assert rest.traffic.requests == 1


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_body_as_long_as_allowed_is_read(encoding: str) -> None:
    body = b" " * 100_000
    sent = gzip.compress(body) if encoding == "gzip" else body
    rest = client(in_turn(answer(sent, content_encoding=encoding)), max_body_bytes=100_000)
    assert get(rest) == body


def test_threads_lose_no_count() -> None:
    rest = client(lambda _: answer(b"[]" * 50))
    threads = [threading.Thread(target=lambda: [get(rest) for _ in range(100)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (rest.traffic.requests, rest.traffic.bytes_received) == (800, 80_000)


def test_a_rotated_token_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMARTPIZZA_TOKEN")
    file = tmp_path / "token"
    file.write_text("old-token\n")
    monkeypatch.setenv("SMARTPIZZA_TOKEN_FILE", str(file))

    def handle(request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] == "Bearer new-token":
            return answer(b"[]")
        file.write_text("new-token\n")
        return answer(b"", status=401)

    assert get(client(handle)) == b"[]"


def test_a_refused_token_is_asked_for_once_more_only() -> None:
    rest = client(lambda _: answer(b"right-token", status=401))
    with pytest.raises(ConfigurationError, match="SMARTPIZZA_TOKEN") as raised:
        get(rest)
    assert rest.traffic.requests == 2
    assert "right-token" not in str(raised.value)


def test_a_token_that_the_server_echoes_is_not_shown() -> None:
    with pytest.raises(BadAnswerError) as raised:
        get(client(lambda _: answer(b"you sent right-token", status=400)))
    assert "you sent ***" in str(raised.value)


@pytest.mark.parametrize("token", ["", "  ", "two words", "tab\tbed", "snow\u2603"])
def test_an_unusable_token_is_refused(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTPIZZA_TOKEN", token)
    with pytest.raises(ConfigurationError, match="SMARTPIZZA_TOKEN"):
        client(lambda _: answer(b""))


def test_two_tokens_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTPIZZA_TOKEN_FILE", "/dev/null")
    with pytest.raises(ConfigurationError, match="set one of them"):
        client(lambda _: answer(b""))

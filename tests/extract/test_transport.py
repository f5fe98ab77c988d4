"""Connections over real sockets: kept, through proxies, and never taken for whole when they were cut."""

import shutil
import socket
import ssl
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from extract.errors import StreamUnreachableError, UnreachableError
from tests.extract.socket_server import certificate, serving
from tests.extract.test_deadlines import HEAD, client, get

SHORT = HEAD + b"Content-Length: 2\r\n\r\n[]"
LONG = 5 * 1024 * 1024  # more than is read at once


def answering(*answers: bytes) -> Callable[[socket.socket], None]:
    """Sends an answer, waits for the next request, and so on; then hangs up."""

    def talk(connection: socket.socket) -> None:
        for number, answer in enumerate(answers):
            if number:
                connection.recv(4096)
            connection.sendall(answer)

    return talk


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"Content-Length: 3\r\n\r\n[]",
        HEAD + b"Content-Length: %d\r\n\r\n[]" % LONG,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"",
    ],
    ids=["short", "long", "chunked", "no chunk", "no status", "nothing"],
)
def test_a_body_that_was_cut_is_not_taken_for_whole(answer: bytes) -> None:
    with (
        serving(answering(answer)) as url,
        client(url) as rest,
        pytest.raises(StreamUnreachableError, match="RemoteProtocolError"),
    ):
        get(rest)


@pytest.mark.parametrize(
    ("answer", "a_connection", "size"),
    [
        (HEAD + b"Content-Length: %d\r\n\r\n" % LONG + b" " * LONG, 2, LONG),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n3\r\n   \r\n0\r\n\r\n", 2, 5),
        (HEAD + b"\r\n[]", 1, 2),
        (HEAD + b"Content-Length: 0\r\n\r\n", 2, 0),
    ],
    ids=["long", "chunked", "to the end", "empty"],
)
def test_a_body_comes_whole_however_its_length_is_told(answer: bytes, a_connection: int, size: int) -> None:
    with serving(answering(*[answer] * a_connection)) as url, client(url, total_seconds=10) as rest:
        assert [len(get(rest)) for _ in range(2)] == [size, size]


def test_a_kept_connection_that_the_api_closed_is_not_used_again() -> None:
    with serving(answering(SHORT)) as url, client(url) as rest:
        assert get(rest) == b"[]"
        # Its end may still be under way; the next attempt would hide that a dead connection was used.
        kept = next(iter(rest._exchange._connections.sockets._open))
        assert kept.recv(1, socket.MSG_PEEK) == b""
        assert get(rest) == b"[]"


def test_a_header_beyond_ascii_does_not_end_the_run() -> None:
    with (
        serving(answering(HEAD + b"Server: Z\xfcrich\r\nContent-Length: 2\r\n\r\n[]")) as url,
        client(url) as rest,
    ):
        assert get(rest) == b"[]"


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Names a proxy in the environment."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch.setenv


def recording(told: list[bytes]) -> Callable[[socket.socket], None]:
    """Answers the request that was read and keeps the one after it."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(SHORT)
        told.append(connection.recv(4096))
        connection.sendall(SHORT)

    return talk


def test_a_proxy_is_given_the_whole_url_and_its_own_credential(proxied: Callable[[str, str], None]) -> None:
    told: list[bytes] = []
    with serving(recording(told)) as url:
        proxied("HTTP_PROXY", url.replace("//", "//me:s%40cret@"))
        with client("http://api.test") as rest:
            assert get(rest) + get(rest) == b"[][]"
    assert told[0].startswith(b"GET http://api.test/ HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6c0BjcmV0\r\n" in told[0]


def test_a_host_of_no_proxy_is_asked_itself(proxied: Callable[[str, str], None]) -> None:
    proxied("HTTP_PROXY", "http://127.0.0.1:9")
    proxied("NO_PROXY", "127.0.0.1")
    with serving(answering(SHORT)) as url, client(url) as rest:
        assert get(rest) == b"[]"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with")
def test_tls_goes_through_a_tunnel_that_sees_no_credential(
    proxied: Callable[[str, str], None], tmp_path: Path
) -> None:
    file = certificate(tmp_path)
    proxied("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    told: list[bytes] = []

    def tunnel(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        with closing(context.wrap_socket(connection, server_side=True)) as secured:
            told.append(secured.recv(4096))
            secured.sendall(SHORT)

    with serving(tunnel) as url:
        proxied("HTTPS_PROXY", url)
        with client("https://127.0.0.1:1") as rest:
            assert get(rest) == b"[]"
    assert told[0].startswith(b"GET / HTTP/1.1\r\n")
    assert b"Bearer right-token" in told[0]


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "https://127.0.0.1:9", "http://"])
def test_a_proxy_of_no_use_is_told_of(proxy: str, proxied: Callable[[str, str], None]) -> None:
    proxied("HTTPS_PROXY", proxy)
    with (
        client("https://api.test") as rest,
        pytest.raises(UnreachableError, match="not spelt http://host:port"),
    ):
        get(rest)


def test_a_tunnel_that_is_refused_is_told_of(proxied: Callable[[str, str], None]) -> None:
    with serving(answering(b"HTTP/1.1 407 Log in\r\nContent-Length: 0\r\n\r\n")) as url:
        proxied("HTTPS_PROXY", url)
        with client("https://api.test") as rest, pytest.raises(UnreachableError, match="407 Log in"):
            get(rest)

"""httpx over the standard library's connections: a body is read in one piece, for half the CPU of a request."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from select import POLLIN, poll

import httpx

from extract.route import Route, route_to
from extract.sockets import OpenSockets, PlainSocket, TlsSocket, is_late, seconds_left

_PIECE = 4 * 1024 * 1024


@dataclass(slots=True)
class _Way:
    """A route, and the connections that wait for another request on it."""

    route: Route
    idle: list[HTTPConnection] = field(default_factory=list)


class Transport(httpx.BaseTransport):
    """Sends by connections that are kept, through the environment's proxies, within the attempt's deadline.

    `connect_seconds` is for each address of a host, `read_seconds` for each wait.
    """

    def __init__(self, connect_seconds: float, read_seconds: float) -> None:
        self.sockets = OpenSockets()
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._ways: dict[tuple[str, str, int | None], _Way] = {}
        self._guard = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.TransportError."""
        url = request.url
        way = self._way(url)
        connection = self._idle(way) or self._opened(way.route)
        headers = dict(request.headers)
        target = url.raw_path.decode("ascii")
        if way.route.is_relay:
            target, headers = str(url), {**headers, **way.route.headers}
        try:
            with _as_httpx():
                connection.request(request.method, target, request.read() or None, headers)
                response = connection.getresponse()
        except BaseException:
            connection.close()
            raise
        return httpx.Response(
            response.status,
            headers=[
                (name.encode("latin-1"), text.encode("latin-1")) for name, text in response.headers.items()
            ],
            stream=_Body(response, partial(self._put_back, way, connection, response)),
            request=request,
        )

    def close(self) -> None:
        """Closes the connections that nobody uses; `sockets.cut` ends the others."""
        for way in self._ways.values():
            while (connection := self._idle(way)) is not None:
                connection.close()

    def _way(self, url: httpx.URL) -> _Way:
        origin = (url.scheme, url.host, url.port)
        with self._guard:
            # Asked for once: looking through the environment takes a fifth of a request.
            if origin not in self._ways:
                self._ways[origin] = _Way(route_to(url))
            return self._ways[origin]

    def _idle(self, way: _Way) -> HTTPConnection | None:
        """A connection that the other side has not closed meanwhile."""
        while True:
            with self._guard:
                if not way.idle:
                    return None
                connection = way.idle.pop()
            poller = poll()
            poller.register(connection.sock, POLLIN)
            if not poller.poll(0):
                return connection
            connection.close()

    def _put_back(self, way: _Way, connection: HTTPConnection, response: HTTPResponse) -> None:
        if response.isclosed() and connection.sock is not None:  # read to its end, and to be kept
            with self._guard:
                way.idle.append(connection)
        else:
            response.close()
            connection.close()

    def _opened(self, route: Route) -> HTTPConnection:
        kind = partial(HTTPSConnection, context=self._tls) if route.is_secure else HTTPConnection
        connection = kind(route.host, route.port)
        if route.tunnel:
            connection.set_tunnel(*route.tunnel, headers=route.headers)
        # Where the standard library provides for another way to make sockets.
        connection._create_connection = self._connect  # type: ignore[attr-defined]
        try:
            connection.connect()
            self._keep(connection.sock)
        except (HTTPException, OSError) as error:
            connection.close()
            kind_of = httpx.ConnectTimeout if isinstance(error, TimeoutError) else httpx.ConnectError
            raise kind_of(str(error)) from error
        return connection

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Certificates are read only where they are needed: 10 MB, and time."""
        context = httpx.create_ssl_context()
        context.sslsocket_class = TlsSocket
        return context

    def _connect(self, place: tuple[str, int], *_: object) -> PlainSocket:
        """Tries the host's addresses one after another; the deadline is for all of them."""
        failure = OSError("the name has no address")
        for family, kind, protocol, _name, address in socket.getaddrinfo(*place, type=socket.SOCK_STREAM):
            opened = PlainSocket(family, kind, protocol)
            try:
                opened.settimeout(seconds_left(self._connect_seconds))
                opened.connect(address)
                self._keep(opened)
            except OSError as error:
                opened.close()
                failure = error
            else:
                return opened
        raise failure

    def _keep(self, opened: socket.socket) -> None:
        if not isinstance(opened, PlainSocket | TlsSocket):
            raise TypeError(f"a socket without deadlines: {opened!r}")
        opened.wait_seconds = self._read_seconds
        self.sockets.add(opened)


class _Body(httpx.SyncByteStream):
    def __init__(self, response: HTTPResponse, put_back: Callable[[], None]) -> None:
        self._response = response
        self._put_back = put_back

    def __iter__(self) -> Iterator[bytes]:
        length = self._response.length
        size = None if length is not None and length <= _PIECE else _PIECE
        with _as_httpx():
            while piece := self._response.read(size):
                yield piece
            if self._response.length:
                raise IncompleteRead(b"", self._response.length)

    def close(self) -> None:
        self._put_back()


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Errors of connections and of sockets as httpx's."""
    try:
        yield
    except (HTTPException, OSError) as error:
        is_timeout = is_late() or isinstance(error, TimeoutError)
        raise (httpx.ReadTimeout if is_timeout else httpx.RemoteProtocolError)(str(error)) from error

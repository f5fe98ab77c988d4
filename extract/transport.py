"""httpx over urllib3's connections: a body is read in one piece, for a quarter to a third less CPU a request."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
import urllib3
from urllib3 import exceptions as urllib3_errors
from urllib3.connection import HTTPConnection, HTTPSConnection

from extract.sockets import OpenSockets, PlainSocket, TlsSocket, is_late, seconds_left

_CONNECTIONS = 32
_PIECE = 4 * 1024 * 1024


class Transport(httpx.BaseTransport):
    """Sends by connections that are kept, through the environment's proxies, within the attempt's deadline.

    `connect_seconds` is for each address of a host, `read_seconds` for each wait.
    """

    def __init__(self, connect_seconds: float, read_seconds: float) -> None:
        self.sockets = OpenSockets()
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._managers: dict[tuple[str | None, bool], urllib3.PoolManager] = {}
        self._routes: dict[tuple[str, str], urllib3.PoolManager] = {}
        self._guard = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.TransportError."""
        with _as_httpx():
            response = self._manager(request.url).urlopen(
                request.method,
                str(request.url),
                body=request.read() or None,
                headers=dict(request.headers),
                timeout=urllib3.Timeout(connect=seconds_left(self._connect_seconds), read=self._read_seconds),
                preload_content=False,
                decode_content=False,
                redirect=False,
                retries=False,
            )
        return httpx.Response(
            response.status,
            headers=list(response.headers.iteritems()),
            stream=_Body(response),
            request=request,
        )

    def close(self) -> None:
        """Closes the connections that nobody uses; `sockets.cut` ends the others."""
        for manager in self._managers.values():
            manager.clear()

    def _manager(self, url: httpx.URL) -> urllib3.PoolManager:
        """The way to a host; the environment is asked for it once, since that takes a tenth of a request."""
        with self._guard:
            route = (url.scheme, url.host)
            if route not in self._routes:
                self._routes[route] = self._found_manager(*route)
            return self._routes[route]

    def _found_manager(self, scheme: str, host: str) -> urllib3.PoolManager:
        proxies = getproxies()
        proxy = proxies.get(scheme) or proxies.get("all")
        if proxy and proxy_bypass(host):
            proxy = None
        # Certificates are read only where they are needed: 10 MB, and time.
        key = (proxy, scheme == "https" or bool(proxy and proxy.startswith("https")))
        if key not in self._managers:
            self._managers[key] = self._new_manager(*key)
        return self._managers[key]

    def _new_manager(self, proxy: str | None, is_secure: bool) -> urllib3.PoolManager:
        options: dict[str, Any] = {"maxsize": _CONNECTIONS}
        if is_secure:
            options["ssl_context"] = httpx.create_ssl_context()
            options["ssl_context"].sslsocket_class = TlsSocket
        manager = urllib3.PoolManager(**options)
        if proxy:
            parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
            manager = urllib3.ProxyManager(
                f"{parts.scheme}://{parts.hostname}:{parts.port or 80}",
                proxy_headers=urllib3.make_headers(proxy_basic_auth=login) if login else None,
                **options,
            )
        manager.pool_classes_by_scheme = self._pools()
        return manager

    def _pools(self) -> dict[str, Any]:
        """Pools of connections over sockets of ours."""
        transport = self

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return transport._connect(self)

        class Tls(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return transport._connect(self)

            def connect(self) -> None:
                super().connect()
                if isinstance(self.sock, TlsSocket):
                    transport._keep(self.sock)

        class PlainPool(urllib3.HTTPConnectionPool):
            ConnectionCls = Plain

        class TlsPool(urllib3.HTTPSConnectionPool):
            ConnectionCls = Tls

        return {"http": PlainPool, "https": TlsPool}

    def _connect(self, connection: HTTPConnection) -> PlainSocket:
        """Tries the host's addresses one after another; the deadline is for all of them."""
        failure: Exception = urllib3_errors.NewConnectionError(connection, "the name has no address")
        try:
            found = socket.getaddrinfo(connection.host, connection.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise urllib3_errors.NewConnectionError(connection, str(error)) from error
        for family, kind, protocol, _, address in found:
            opened = PlainSocket(family, kind, protocol)
            try:
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                opened.settimeout(seconds_left(self._connect_seconds))
                opened.connect(address)
            except OSError as error:
                opened.close()
                kind_of = (
                    urllib3_errors.ConnectTimeoutError
                    if isinstance(error, TimeoutError)
                    else urllib3_errors.NewConnectionError
                )
                failure = kind_of(connection, str(error))
            else:
                self._keep(opened)
                return opened
        raise failure

    def _keep(self, opened: PlainSocket | TlsSocket) -> None:
        opened.wait_seconds = self._read_seconds
        self.sockets.add(opened)


class _Body(httpx.SyncByteStream):
    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        length = self._response.length_remaining
        size = None if length is not None and length <= _PIECE else _PIECE
        with _as_httpx():
            while piece := self._response.read(size, decode_content=False):
                yield piece

    def close(self) -> None:
        self._response.close()


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Errors of urllib3 and of sockets as httpx's."""
    try:
        yield
    except urllib3_errors.ProxyError as error:
        raise httpx.ProxyError(_words(error)) from error
    except (urllib3_errors.NewConnectionError, urllib3_errors.SSLError) as error:
        raise httpx.ConnectError(_words(error)) from error
    except urllib3_errors.ConnectTimeoutError as error:
        raise httpx.ConnectTimeout(_words(error)) from error
    except (urllib3_errors.HTTPError, OSError) as error:
        if is_late() or isinstance(error, urllib3_errors.TimeoutError | TimeoutError):
            raise httpx.ReadTimeout(_words(error)) from error
        raise httpx.RemoteProtocolError(_words(error)) from error


def _words(error: Exception) -> str:
    """What went wrong, without urllib3's names of its objects."""
    return str(error).rsplit("object at 0x", 1)[-1].split(">: ", 1)[-1]

"""One request and its answer: within the deadlines, up to the longest body, judged by its status."""

import threading
from collections.abc import Callable, Mapping
from typing import NoReturn

import httpx

from extract import __version__
from extract.answer import Answer
from extract.body import received, unpacked
from extract.errors import Cancelled, StreamUnreachableError, UnreachableError, one_line
from extract.retry import RetryableError
from extract.settings import HttpSettings
from extract.sockets import deadline, is_late
from extract.traffic import Traffic
from extract.transport import Transport
from extract.verdict import judge

# The transport is asked without an httpx.Client, which would cost a third of a request: it follows redirects and
# keeps cookies, and neither is wanted here.
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "Connection": "keep-alive",
    "User-Agent": f"extract/{__version__}",
}


class Exchange:
    """The connections to one API. Threads share them; one of them, or another, may close them."""

    def __init__(
        self,
        settings: HttpSettings,
        traffic: Traffic,
        stop: threading.Event,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._traffic = traffic
        self._stop = stop
        self._is_closed = False
        self._connections = Transport(settings.connect_seconds, settings.read_seconds)
        self._transport = transport or self._connections

    def close(self) -> None:
        """Ends what other threads have in flight: it raises Cancelled there."""
        self._is_closed = True
        self._connections.sockets.cut()
        self._transport.close()

    def assert_running(self, told: str) -> None:
        """Raises Cancelled, whose words begin with `told`, once the run ends."""
        if self._is_closed or self._stop.is_set():
            raise Cancelled(f"{told}: stopped, since the run ends")

    def send(
        self,
        method: str,
        url: str,
        auth: httpx.Auth | None,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        needs: str,
        refused: frozenset[int],
        on_response: Callable[[httpx.Response], None],
    ) -> Answer:
        """One attempt, from connecting to the last byte; `on_response` hears of status and headers first.

        Raises what `judge` raises by `needs` and `refused`, RetryableError where the connection, the time or
        the body fails, BadAnswerError for too long a body, and Cancelled.
        """
        told = f"{method} {url}"
        self.assert_running(told)
        request = httpx.Request(method, url, params=params, data=form, headers=_HEADERS)
        if auth is not None:
            request = next(auth.sync_auth_flow(request))
        self._traffic.add(requests=1)
        with deadline(self._settings.total_seconds):
            try:
                response = self._transport.handle_request(request)
                response.request = request
                try:
                    on_response(response)
                    return self._answer(response, told, needs, refused)
                finally:
                    response.close()
            except httpx.TransportError as error:
                self.assert_running(told)
                self._explain(error, told)

    def _answer(self, response: httpx.Response, told: str, needs: str, refused: frozenset[int]) -> Answer:
        def on_chunk(size: int) -> None:
            self._traffic.add(bytes_received=size)
            self.assert_running(told)
            if is_late():
                raise httpx.ReadTimeout("")

        limit = self._settings.max_body_bytes
        raw = received(response, told, limit, on_chunk)
        self.assert_running(told)  # a body that was cut off may look complete

        def body() -> bytes:
            return unpacked(response, raw, told, limit)

        judge(response, body, told, needs=needs, refused=refused)
        return Answer(body(), response.headers, str(response.url))

    def _explain(self, error: httpx.TransportError, told: str) -> NoReturn:
        is_connecting = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError)
        kind = UnreachableError if is_connecting else StreamUnreachableError
        if isinstance(error, httpx.TimeoutException) and is_late():
            words = f"not done after http.total_seconds = {self._settings.total_seconds:g}"
        else:
            words = one_line(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
        raise RetryableError(kind(f"{told}: {'no connection: ' * is_connecting}{words}")) from error

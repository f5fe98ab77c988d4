"""The HTTP client of a source: deadlines, retries, credentials, and a count of what it cost."""

import time
import zlib
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

import httpx

from extract import __version__
from extract.answer import Answer
from extract.credentials import read_token
from extract.errors import (
    BadAnswerError,
    ConfigurationError,
    ExtractError,
    PageTokenExpiredError,
    StreamUnreachableError,
    UnreachableError,
    one_line,
)
from extract.retry import RetryableError, retry_after, with_retries
from extract.settings import HttpSettings

T = TypeVar("T")
OnRetry = Callable[[ExtractError, float], None]

_BUSY = frozenset({429, 500, 502, 503, 504})


@dataclass(slots=True)
class Traffic:
    """What a client sent and got: requests (with those made again), retries, bytes on the wire."""

    requests: int = 0
    retries: int = 0
    bytes_received: int = 0


class _Bearer(httpx.Auth):
    """Sends the source's token; after a 401 reads it once more, since it may have been rotated."""

    def __init__(self, source_name: str) -> None:
        self._source_name = source_name
        self.token = read_token(source_name)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self.token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self.token = read_token(self._source_name)
            request.headers["Authorization"] = f"Bearer {self.token}"
            yield request


class RestClient:
    """GETs JSON from one API. Use as a context manager."""

    def __init__(
        self,
        source_name: str,
        base_url: str,
        settings: HttpSettings,
        on_retry: OnRetry | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Raises ConfigurationError where the source's token is missing."""
        self.traffic = Traffic()
        self._source_name = source_name
        self._base_url = base_url
        self._settings = settings
        self._on_retry = on_retry
        self._auth = _Bearer(source_name)
        self._client = httpx.Client(
            auth=self._auth,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                "User-Agent": f"extract/{__version__}",
            },
            timeout=httpx.Timeout(settings.read_seconds, connect=settings.connect_seconds),
            event_hooks={"request": [lambda _: self._count()]},
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, params: Mapping[str, str], read: Callable[[Answer], T]) -> T:
        """What `read` makes of the answer to GET `path`.

        Busy answers, lost connections, timeouts, broken bodies and a BadAnswerError from `read` are tried
        again as the settings allow. Raises then UnreachableError or BadAnswerError; at once
        ConfigurationError where the credential is refused, PageTokenExpiredError for 410, and BadAnswerError
        for any other status.
        """
        url = f"{self._base_url}{path}"

        def attempt() -> T:
            answer = self._answer(url, params)
            try:
                return read(answer)
            except BadAnswerError as error:
                raise RetryableError(BadAnswerError(f"GET {url}: {self._clean(str(error))}")) from error

        return with_retries(attempt, self._settings, self._on_each_retry)

    def _answer(self, url: str, params: Mapping[str, str]) -> Answer:
        deadline = time.monotonic() + self._settings.total_seconds
        try:
            with self._client.stream("GET", url, params=dict(params)) as response:
                raw = self._receive(response, url, deadline)
                self._refuse(response, url, raw)
                return Answer(_unpacked(response, url, raw), response.headers, str(response.url))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise RetryableError(UnreachableError(f"GET {url}: no connection: {_words(error)}")) from error
        except (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError) as error:
            raise RetryableError(StreamUnreachableError(f"GET {url}: {_words(error)}")) from error

    def _receive(self, response: httpx.Response, url: str, deadline: float) -> bytes:
        chunks: list[bytes] = []
        for chunk in response.iter_raw():
            self.traffic.bytes_received += len(chunk)
            chunks.append(chunk)
            if time.monotonic() > deadline:
                raise RetryableError(
                    StreamUnreachableError(
                        f"GET {url}: the body was not there after http.total_seconds = "
                        f"{self._settings.total_seconds:g}"
                    )
                )
        return b"".join(chunks)

    def _refuse(self, response: httpx.Response, url: str, raw: bytes) -> None:
        status = response.status_code
        if status == httpx.codes.OK:
            return
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            variable = f"{self._source_name.upper()}_TOKEN"
            raise ConfigurationError(
                f"GET {url}: the API refused the credential ({status}): set {variable} or "
                f"{variable}_FILE to a valid token"
            )
        if status == httpx.codes.GONE:
            raise PageTokenExpiredError(f"GET {url}: the page token has expired (410)")
        if status in _BUSY:
            wait = retry_after(response.headers.get("retry-after"), response.headers.get("date"))
            raise RetryableError(StreamUnreachableError(f"GET {url}: the API answered {status}"), wait)
        excerpt = self._clean(_unpacked(response, url, raw)[:120].decode("utf-8", "replace"))
        raise BadAnswerError(f"GET {url}: the API answered {status}: {excerpt!r}; is base_url right?")

    def _clean(self, text: str) -> str:
        return one_line(text.replace(self._auth.token, "***"))

    def _count(self) -> None:
        self.traffic.requests += 1

    def _on_each_retry(self, error: ExtractError, wait: float) -> None:
        self.traffic.retries += 1
        if self._on_retry is not None:
            self._on_retry(error, wait)


def _unpacked(response: httpx.Response, url: str, raw: bytes) -> bytes:
    """The body without its content encoding. Raises RetryableError where it was cut."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        return raw
    if encoding not in ("gzip", "x-gzip"):
        raise BadAnswerError(f"GET {url}: the body is encoded as {one_line(encoding, 40)!r}, not as gzip")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        body = unpacker.decompress(raw)
    except zlib.error as error:
        raise RetryableError(BadAnswerError(f"GET {url}: the gzip body is broken")) from error
    if not unpacker.eof:
        raise RetryableError(BadAnswerError(f"GET {url}: the gzip body ends too early"))
    return body


def _words(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)

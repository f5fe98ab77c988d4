"""The HTTP client of a source: signs its requests, waits for their turn, and tries again what may pass."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

import httpx

from extract.answer import Answer
from extract.auth import log_in
from extract.auth_kinds import Auth, Bearer, OAuth2
from extract.budget import Budget, LocalPause
from extract.credentials import advice
from extract.errors import BadAnswerError, Cancelled, ExtractError, StreamUnreachableError, UnreachableError
from extract.exchange import Exchange
from extract.redact import Redactor
from extract.retry import RetryableError, with_retries
from extract.settings import HttpSettings
from extract.traffic import Traffic
from extract.verdict import BANNED, REFUSED, UnauthorizedError, asked_wait, moment_in

T = TypeVar("T")
OnRetry = Callable[[ExtractError, float], None]


class RestClient:
    """GETs JSON from one API, from several threads at once if need be. Use as a context manager.

    `auth` says how the API knows us (by a bearer token when left out), `token_url` where OAuth2 fetches tokens
    if not below `base_url`, and `budget` when a request may be sent. `stop` ends all waits.
    """

    def __init__(
        self,
        source_name: str,
        base_url: str,
        settings: HttpSettings,
        on_retry: OnRetry | None = None,
        transport: httpx.BaseTransport | None = None,
        *,
        auth: Auth | None = None,
        token_url: str | None = None,
        budget: Budget | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        """Raises ConfigurationError naming the variables of the credential that lack."""
        kind = auth or Bearer()
        self.traffic = Traffic()
        self._base_url = base_url
        self._settings = settings
        self._on_retry = on_retry
        self._budget = budget or LocalPause()
        self._stop = stop or threading.Event()
        self._needs = f"{source_name} is declared to need no credential"
        if kind.variables:
            self._needs = f"set {advice(source_name, kind.variables)} to a valid one"
        self._token_url = token_url
        if token_url is None and isinstance(kind, OAuth2):
            self._token_url = f"{base_url}{kind.token_path}"
        self._redactor = Redactor()
        self._login = log_in(kind, source_name, self._redactor, self._post_form)
        self._exchange = Exchange(settings, self.traffic, self._stop, transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the requests of all threads: they raise Cancelled. Waits go on unless `stop` was set before."""
        self._exchange.close()

    def get(self, path: str, params: Mapping[str, str], read: Callable[[Answer], T], cost: int = 1) -> T:
        """What `read` makes of the answer to GET `path`, which takes `cost` units of the budget.

        Busy answers, lost connections, timeouts, broken bodies and a BadAnswerError from `read` are tried
        again as the settings allow; a 401 is so once, with the credential renewed. Raises then
        UnreachableError or BadAnswerError; at once ConfigurationError where the credential is refused,
        PageTokenExpiredError for 410, BadAnswerError for any other status or too long a body (RefusedError where
        the answer says why), and Cancelled.
        """
        url = f"{self._base_url}{path}"
        throttled = 0.0
        is_renewed = False

        def attempt() -> T:
            nonlocal throttled, is_renewed
            auth = self._login.current()
            throttled += self._wait_for_turn(f"GET {url}", cost)
            sent = time.monotonic()
            try:
                answer = self._exchange.send(
                    "GET",
                    url,
                    auth,
                    params=params,
                    needs=self._needs,
                    refused=REFUSED,
                    on_response=partial(self._take_note, sent),
                )
            except UnauthorizedError:
                if is_renewed or not self._login.renew(auth):
                    raise
                is_renewed = True
                return attempt()
            except RetryableError as again:
                self._silence(again)
                raise
            try:
                return read(answer)
            except BadAnswerError as error:
                raise RetryableError(BadAnswerError(f"GET {url}: {error}")) from error

        def attempt_told_without_secrets() -> T:
            with self._told_without_secrets():
                return attempt()

        return with_retries(
            attempt_told_without_secrets,
            self._settings,
            self._on_each_retry,
            self._wait_to_retry,
            excused=lambda: throttled,
        )

    def _post_form(self, form: Mapping[str, str], auth: httpx.Auth | None) -> Answer:
        """The answer of the token endpoint."""
        url = str(self._token_url)
        self._wait_for_turn(f"POST {url}", 1)
        return self._exchange.send(
            "POST",
            url,
            auth,
            form=form,
            needs=self._needs,
            refused=REFUSED | {httpx.codes.BAD_REQUEST},
            on_response=partial(self._take_note, time.monotonic()),
        )

    def _wait_for_turn(self, told: str, cost: int) -> float:
        """Waits until the budget lets a request go, and returns how many seconds that took."""
        waited = 0.0
        with _database_may_come_back():
            turn = self._budget.take(cost)
        while turn.wait_seconds > 0:
            if turn.paused and turn.wait_seconds > self._settings.retry_seconds:
                raise StreamUnreachableError(
                    f"{told}: the API has asked everybody to wait, {turn.wait_seconds:.0f} s more, which exceeds "
                    f"http.retry_seconds = {self._settings.retry_seconds:g}: not before {moment_in(turn.wait_seconds)}"
                )
            self._sleep(turn.wait_seconds)
            waited += turn.wait_seconds
            self.traffic.add(throttled_seconds=turn.wait_seconds)
            with _database_may_come_back():
                turn = self._budget.take(cost, turn)
        return waited

    def _take_note(self, sent: float, response: httpx.Response) -> None:
        """What the headers of an answer to a request of the time `sent` mean for all who share the budget."""
        with _database_may_come_back():
            wait = asked_wait(response) if response.status_code in BANNED else None
            if wait is not None:
                self._budget.pause(wait)
            self._budget.learn(response.headers, time.monotonic() - sent)

    def _silence(self, again: RetryableError) -> None:
        """Keeps everybody from calling during a ban that only the body of its answer tells of."""
        if again.is_ban and again.wait_at_least is not None:
            with _database_may_come_back():
                self._budget.pause(again.wait_at_least)

    def _on_each_retry(self, error: ExtractError, wait: float) -> None:
        self.traffic.add(retries=1)
        if self._on_retry is not None:
            self._on_retry(error, wait)

    def _wait_to_retry(self, seconds: float) -> None:
        self._sleep(seconds)
        self.traffic.add(retry_wait_seconds=seconds)

    def _sleep(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Cancelled("stopped while waiting, since the run ends")

    @contextmanager
    def _told_without_secrets(self) -> Iterator[None]:
        try:
            yield
        except RetryableError as again:
            error = type(again.error)(self._redactor.clean(str(again.error)))
            raise RetryableError(error, again.wait_at_least, is_ban=again.is_ban) from None
        except ExtractError as error:
            raise type(error)(self._redactor.clean(str(error))) from None


@contextmanager
def _database_may_come_back() -> Iterator[None]:
    """The budget's row is out of reach for a while: like an API that is."""
    try:
        yield
    except UnreachableError as error:
        raise RetryableError(error) from error

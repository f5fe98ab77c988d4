"""Acts on a source's kind of authentication: what a client sends to be known, and how that is renewed."""

import base64
import threading
import time
from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import Protocol

import httpx
import msgspec

from extract.answer import Answer
from extract.auth_kinds import ApiKey, Auth, Basic, Bearer, NoAuth, OAuth2
from extract.credentials import fits_a_header, read_secrets
from extract.errors import BadAnswerError
from extract.redact import Redactor

PostForm = Callable[[Mapping[str, str], httpx.Auth | None], Answer]


class Login(Protocol):
    """What a client is known by at the moment. Threads share it."""

    def current(self) -> httpx.Auth | None:
        """What signs the next request; None where nothing does."""
        ...

    def renew(self, refused: httpx.Auth | None) -> bool:
        """Called after a 401: `current` differs from `refused` from now on. False where that is no use."""
        ...


def log_in(kind: Auth, source_name: str, redactor: Redactor, post_form: PostForm) -> Login:
    """The login of a source. `post_form` sends a form to its token endpoint; `redactor` learns all secrets.

    Raises ConfigurationError naming the variables that lack.
    """
    match kind:
        case NoAuth():
            return _Public()
        case OAuth2():
            return _ClientCredentials(kind, source_name, redactor, post_form)
        case _:
            return _Stored(partial(_stored, kind, source_name, redactor))


class _Header(httpx.Auth):
    def __init__(self, name: str, value: str) -> None:
        self._name, self._value = name, value

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers[self._name] = self._value
        yield request


class _Query(httpx.Auth):
    def __init__(self, name: str, value: str) -> None:
        self._name, self._value = name, value

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.url = request.url.copy_set_param(self._name, self._value)
        yield request


def _stored(kind: Bearer | ApiKey | Basic, source_name: str, redactor: Redactor) -> httpx.Auth:
    secrets = read_secrets(source_name, kind.variables)
    if isinstance(kind, Basic):
        user, password = secrets
        redactor.learn(password, base64.b64encode(f"{user}:{password}".encode()).decode())
        return httpx.BasicAuth(user, password)
    redactor.learn(*secrets)
    if isinstance(kind, Bearer):
        return _Header("Authorization", f"Bearer {secrets[0]}")
    place = _Header if kind.place == "header" else _Query
    return place(kind.name, secrets[0])


class _Public:
    def current(self) -> None:
        return None

    def renew(self, refused: httpx.Auth | None) -> bool:  # noqa: ARG002 - nothing was sent
        return False


class _Stored:
    """A credential that others rotate: read at the start, and again when it is refused."""

    def __init__(self, read: Callable[[], httpx.Auth]) -> None:
        self._read = read
        self._auth = read()
        self._guard = threading.Lock()

    def current(self) -> httpx.Auth:
        return self._auth

    def renew(self, refused: httpx.Auth | None) -> bool:
        with self._guard:
            if self._auth is refused:
                self._auth = self._read()
        return True


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float | None = None


class _ClientCredentials:
    """A token that is fetched when there is none, shortly before it expires, and when it is refused.

    The lock is held while one thread fetches, so that the others wait for its token instead of fetching too.
    """

    def __init__(self, kind: OAuth2, source_name: str, redactor: Redactor, post_form: PostForm) -> None:
        self._kind = kind
        self._source_name = source_name
        self._redactor = redactor
        self._post_form = post_form
        self._auth: httpx.Auth | None = None
        self._good_until = 0.0
        self._guard = threading.Lock()
        self._client()

    def current(self) -> httpx.Auth:
        with self._guard:
            if self._auth is None or time.monotonic() >= self._good_until:
                self._auth = self._fetched()
            return self._auth

    def renew(self, refused: httpx.Auth | None) -> bool:
        with self._guard:
            if self._auth is refused:
                self._auth = None
        return True

    def _client(self) -> list[str]:
        client_id, secret = read_secrets(self._source_name, self._kind.variables)
        self._redactor.learn(secret, base64.b64encode(f"{client_id}:{secret}".encode()).decode())
        return [client_id, secret]

    def _fetched(self) -> httpx.Auth:
        client_id, secret = self._client()
        form = {"grant_type": "client_credentials"}
        if self._kind.scope is not None:
            form["scope"] = self._kind.scope
        if self._kind.client_in == "form":
            form |= {"client_id": client_id, "client_secret": secret}
        started = time.monotonic()
        answer = self._post_form(
            form, httpx.BasicAuth(client_id, secret) if self._kind.client_in == "header" else None
        )
        try:
            token = msgspec.json.decode(answer.body, type=_Token, strict=False)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise BadAnswerError(f"the token endpoint's answer holds no token ({error})") from None
        self._redactor.learn(token.access_token)
        if not fits_a_header(token.access_token):
            raise BadAnswerError("the token endpoint's answer holds no usable token")
        seconds = token.expires_in
        self._good_until = float("inf") if seconds is None else started + seconds - min(60.0, seconds / 10)
        return _Header("Authorization", f"Bearer {token.access_token}")

"""Kinds of authentication: what is sent, how it is renewed, and that no secret is told."""

import base64
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from extract.auth_kinds import ApiKey, Auth, Basic, Bearer, NoAuth, OAuth2
from extract.check import check_all
from extract.errors import BadAnswerError, ConfigurationError, StreamUnreachableError
from extract.rest import RestClient
from extract.settings import HttpSettings, Settings
from extract.source import Source
from extract.sources import all_sources
from tests.extract.fake_api import answer, envelope

Handler = Callable[[httpx.Request], httpx.Response]
SECRETS = {
    "TOKEN": "tok-8f3a/77+aa==",
    "API_KEY": "key-51c0/19+bb==",
    "USERNAME": "reader",
    "PASSWORD": "p\u00e4ss word/42+cc",
    "CLIENT_ID": "client-7",
    "CLIENT_SECRET": "cs-9d2e/31+dd==",
}
ACCESS_TOKEN = "at-66b1/05+ee=="
BASIC = base64.b64encode(f"reader:{SECRETS['PASSWORD']}".encode()).decode()
CLIENT = base64.b64encode(f"client-7:{SECRETS['CLIENT_SECRET']}".encode()).decode()
KINDS: list[Auth] = [
    Bearer(),
    ApiKey("X-Api-Key"),
    ApiKey("key", "query"),
    Basic(),
    OAuth2(),
    OAuth2(client_in="form"),
    NoAuth(),
]


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for suffix, value in SECRETS.items():
        monkeypatch.setenv(f"SMARTPIZZA_{suffix}", value)


def client(kind: Auth, handler: Handler, **more: Any) -> RestClient:
    http = HttpSettings(attempts=3, backoff_seconds=0)
    transport = httpx.MockTransport(handler)
    return RestClient("smartpizza", "http://api.test", http, transport=transport, auth=kind, **more)


def get(rest: RestClient) -> bytes:
    return rest.get("/v1/orders", {"page": "1"}, lambda answer: answer.body)


def token_answer(**fields: Any) -> httpx.Response:
    return answer(json.dumps({"access_token": ACCESS_TOKEN, "token_type": "Bearer"} | fields).encode())


class Api:
    """Answers with tokens at /oauth/token, elsewhere by `handler`; keeps the requests of both."""

    def __init__(
        self, handler: Handler = lambda _: answer(b"[]"), token: Callable[[], Any] = token_answer
    ) -> None:
        self.requests: list[httpx.Request] = []
        self.token_requests: list[httpx.Request] = []
        self._handler = handler
        self._token = token

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token":
            self.token_requests.append(request)
            return self._token()  # type: ignore[no-any-return]
        self.requests.append(request)
        return self._handler(request)


@pytest.mark.parametrize(
    ("kind", "header", "value"),
    [
        (Bearer(), "authorization", f"Bearer {SECRETS['TOKEN']}"),
        (ApiKey("X-Api-Key"), "x-api-key", SECRETS["API_KEY"]),
        (Basic(), "authorization", f"Basic {BASIC}"),
        (OAuth2(), "authorization", f"Bearer {ACCESS_TOKEN}"),
        (NoAuth(), "authorization", None),
    ],
    ids=repr,
)
def test_each_kind_signs_in_its_own_way(kind: Auth, header: str, value: str | None) -> None:
    api = Api()
    get(client(kind, api))
    assert api.requests[0].headers.get(header) == value
    assert dict(api.requests[0].url.params) == {"page": "1"}


def test_a_key_in_the_query_stands_beside_the_parameters() -> None:
    api = Api()
    get(client(ApiKey("key", "query"), api))
    assert dict(api.requests[0].url.params) == {"page": "1", "key": SECRETS["API_KEY"]}


@pytest.mark.parametrize("client_in", ["header", "form"])
def test_a_token_is_fetched_as_the_rfc_asks(client_in: Any) -> None:
    api = Api()
    rest = client(OAuth2(scope="read all", client_in=client_in), api)
    get(rest)
    form = parse_qs(api.token_requests[0].content.decode())
    credentials = {"client_id": ["client-7"], "client_secret": [SECRETS["CLIENT_SECRET"]]}
    expected = {"grant_type": ["client_credentials"], "scope": ["read all"]}
    assert form == (expected if client_in == "header" else expected | credentials)
    sent = api.token_requests[0].headers.get("authorization")
    assert sent == (f"Basic {CLIENT}" if client_in == "header" else None)
    assert rest.traffic.requests == 2


def test_a_token_url_of_the_settings_wins() -> None:
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.host}")
        return token_answer() if request.method == "POST" else answer(b"[]")

    get(client(OAuth2(), handle, token_url="http://login.test/token"))
    assert asked == ["POST login.test", "GET api.test"]


def test_threads_share_one_token() -> None:
    def slow_token() -> httpx.Response:
        time.sleep(0.2)
        return token_answer(expires_in=3600)

    api = Api(token=slow_token)
    rest = client(OAuth2(), api)
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: get(rest), range(16))) == [b"[]"] * 16
    assert len(api.token_requests) == 1
    assert rest.traffic.requests == 17


@pytest.mark.parametrize(("expires_in", "fetched"), [(0.5, 2), ("0.5", 2), (3600, 1), (None, 1)])
def test_a_token_is_fetched_anew_before_it_expires(expires_in: Any, fetched: int) -> None:
    api = Api(token=lambda: token_answer(expires_in=expires_in))
    rest = client(OAuth2(), api)
    get(rest)
    time.sleep(0.46)
    get(rest)
    assert len(api.token_requests) == fetched


def test_a_refused_token_is_renewed_once_for_all_threads() -> None:
    tokens = iter(["old", "new", "newer"])
    barrier = threading.Barrier(8)

    def handle(request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] == "Bearer old":
            barrier.wait(5)
            return answer(b"", status=401)
        return answer(b"[]")

    api = Api(handle, token=lambda: token_answer(access_token=next(tokens)))
    rest = client(OAuth2(), api)
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: get(rest), range(8))) == [b"[]"] * 8
    assert len(api.token_requests) == 2
    assert rest.traffic.requests == 2 + 16


@pytest.mark.parametrize("kind", KINDS, ids=repr)
def test_a_second_401_is_the_end(kind: Auth) -> None:
    api = Api(lambda _: answer(b"", status=401))
    with pytest.raises(ConfigurationError, match=r"refused the credential \(401\)") as raised:
        get(client(kind, api))
    assert len(api.requests) == (1 if isinstance(kind, NoAuth) else 2)
    for variable in kind.variables:
        assert f"SMARTPIZZA_{variable.suffix}_FILE" in str(raised.value)


def test_a_401_between_busy_answers_renews_only_once() -> None:
    statuses = iter([401, 503, 401, 200])
    api = Api(lambda _: answer(b"", status=next(statuses)))
    with pytest.raises(ConfigurationError, match="401"):
        get(client(Bearer(), api))
    assert len(api.requests) == 3


@pytest.mark.parametrize("kind", [ApiKey("X-Api-Key"), Basic()], ids=repr)
def test_a_rotated_file_is_read_again(kind: Auth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = f"SMARTPIZZA_{kind.variables[-1].suffix}"
    file = tmp_path / "secret"
    file.write_text("old-secret\n")
    monkeypatch.delenv(variable)
    monkeypatch.setenv(f"{variable}_FILE", str(file))
    signed: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        signed.append(request.headers.get("x-api-key") or request.headers["authorization"])
        file.write_text("new-secret\n")
        return answer(b"[]", status=401 if len(signed) == 1 else 200)

    get(client(kind, handle))
    assert signed[0] != signed[1]


def test_a_busy_token_endpoint_is_asked_again() -> None:
    answers = iter([answer(b"", status=503), answer(b"no json"), token_answer()])
    api = Api(token=lambda: next(answers))
    rest = client(OAuth2(), api)
    with pytest.raises(BadAnswerError, match="token endpoint's answer holds no token"):
        get(rest)
    assert get(rest) == b"[]"


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_client_is_a_matter_of_configuration(status: int) -> None:
    api = Api(token=lambda: answer(b'{"error": "invalid_client"}', status=status))
    words = (
        r"POST http://api.test/oauth/token: .*set SMARTPIZZA_CLIENT_ID or .*, and SMARTPIZZA_CLIENT_SECRET"
    )
    with pytest.raises(ConfigurationError, match=words):
        get(client(OAuth2(), api))
    assert not api.requests


@pytest.mark.parametrize("kind", KINDS, ids=repr)
def test_what_lacks_is_named(kind: Auth, monkeypatch: pytest.MonkeyPatch) -> None:
    for suffix in SECRETS:
        monkeypatch.delenv(f"SMARTPIZZA_{suffix}")
    base = all_sources()["smartpizza"]
    source = Source("smartpizza", base.streams, base.settings, auth=kind)
    transport = httpx.MockTransport(lambda _: envelope([]))
    findings = {each.subject: each for each in check_all(Settings(), [source], transport)}
    credential = findings["smartpizza credential"]
    assert credential.exit_code == (2 if kind.variables else 0)
    assert ("smartpizza API" in findings) == (not kind.variables)
    for variable in kind.variables:
        assert f"SMARTPIZZA_{variable.suffix} or SMARTPIZZA_{variable.suffix}_FILE" in credential.message


def test_a_check_signs_as_the_source_declares() -> None:
    base = all_sources()["smartpizza"]
    source = Source("smartpizza", base.streams, base.settings, auth=OAuth2())
    api = Api(lambda _: envelope([]))
    findings = {
        each.subject: each.message for each in check_all(Settings(), [source], httpx.MockTransport(api))
    }
    assert findings["smartpizza API"].endswith("credential accepted")
    assert api.requests[0].headers["authorization"] == f"Bearer {ACCESS_TOKEN}"


def test_a_firewall_is_no_refused_credential() -> None:
    api = Api(lambda _: answer(b"<html>blocked</html>", status=403))
    with pytest.raises(StreamUnreachableError, match="firewall"):
        get(client(Bearer(), api))
    assert len(api.requests) == 3

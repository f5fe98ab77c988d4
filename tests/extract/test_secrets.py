"""No secret is told, however a server repeats what it was sent."""

import base64
import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote_plus

import httpx
import pytest

from extract.answer import Answer
from extract.auth_kinds import ApiKey, Auth, Basic, Bearer, OAuth2
from extract.errors import BadAnswerError, ExtractError
from extract.rest import RestClient
from extract.settings import HttpSettings
from tests.extract.fake_api import answer

TOKEN, KEY, PASSWORD = "tok-8f3a/77+aa==", "key-51c0/19+bb==", "p\u00e4ss word/42+cc"
CLIENT_SECRET, ACCESS_TOKEN = "cs-9d2e/31+dd==", "at-66b1/05+ee=="


def encoded(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


CLIENT = {CLIENT_SECRET, encoded("client-7", CLIENT_SECRET), ACCESS_TOKEN}
CASES: dict[str, tuple[Auth, set[str], str]] = {
    "bearer": (Bearer(), {TOKEN}, "GET"),
    "key in header": (ApiKey("X-Api-Key"), {KEY}, "GET"),
    "key in query": (ApiKey("key", "query"), {KEY}, "GET"),
    "basic": (Basic(), {PASSWORD, encoded("reader", PASSWORD)}, "GET"),
    "oauth2": (OAuth2(), CLIENT, "GET"),
    "oauth2 fetching a token": (OAuth2(), CLIENT, "POST"),
    "oauth2 fetching a token by form": (OAuth2(client_in="form"), CLIENT, "POST"),
}
# What of a secret may be left where an excerpt ends.
TELLING = 9


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"TOKEN": TOKEN, "API_KEY": KEY, "USERNAME": "reader", "PASSWORD": PASSWORD}
    for suffix, value in (values | {"CLIENT_ID": "client-7", "CLIENT_SECRET": CLIENT_SECRET}).items():
        monkeypatch.setenv(f"SMARTPIZZA_{suffix}", value)


def echo(secrets: set[str], request: httpx.Request) -> str:
    forms = " ".join([*sorted(secrets), *map(quote_plus, sorted(secrets))])
    return f"{forms} {request.url} {list(request.headers.raw)} {request.content.decode()} {forms}"


def broken(text: str) -> httpx.Response:
    raise httpx.ReadError(text)


FAULTS: dict[str, Callable[[str], httpx.Response]] = {
    f"{status}": lambda text, status=status: answer(text.encode(), status=status, retry_after="0")  # type: ignore[misc]
    for status in (200, 201, 301, 400, 401, 403, 404, 410, 418, 429, 500, 503)
} | {
    "error": broken,
    "encoding": lambda text: answer(b"", content_encoding=text.encode("ascii", "replace").decode()),
    "reason": lambda text: answer(json.dumps({"code": -1121, "msg": text}).encode(), status=400),
    "firewall": lambda text: answer(f"<html>{text}".encode(), status=403),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("case", CASES)
def test_no_error_tells_a_secret(case: str, fault: str, caplog: pytest.LogCaptureFixture) -> None:
    kind, secrets, faulty_method = CASES[case]
    told: list[str] = []

    def handle(before: int, request: httpx.Request) -> httpx.Response:
        if request.method == faulty_method:
            # What fails here cannot tell a token that no answer has brought yet.
            known = secrets - {ACCESS_TOKEN} if (faulty_method, fault) == ("POST", "error") else secrets
            return FAULTS[fault]("." * before + echo(known, request))
        return answer(json.dumps({"access_token": ACCESS_TOKEN}).encode())

    def refuse(given: Answer) -> Any:
        raise BadAnswerError(f"no page: {given.body[:120].decode('utf-8', 'replace')!r}")

    caplog.set_level(logging.INFO)
    for before in range(0, 120, 7):
        rest = RestClient(
            "smartpizza",
            "http://api.test",
            HttpSettings(attempts=2, backoff_seconds=0),
            on_retry=lambda error, _: told.append(str(error)),
            transport=httpx.MockTransport(partial(handle, before)),
            auth=kind,
        )
        with pytest.raises(ExtractError) as raised:
            rest.get("/v1/orders", {}, refuse)
        told.append(str(raised.value))
    said = "\n".join([*told, *(record.getMessage() for record in caplog.records)])
    for secret in secrets:
        for form in (secret, quote_plus(secret)):
            assert form[:TELLING] not in said

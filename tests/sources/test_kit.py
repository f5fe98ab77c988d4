"""The acceptance kit itself: what it cannot test is red and says what to add."""

import json
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from extract.auth_kinds import ApiKey, Auth, Basic, Bearer, OAuth2
from extract.errors import ConfigurationError
from extract.paginate import (
    CursorFormat,
    Envelope,
    IdRange,
    LinkHeader,
    NextUrl,
    PageNumber,
    PageOffset,
    PageToken,
    SinglePage,
    Size,
    TimeWindow,
)
from extract.rest import RestClient
from extract.settings import HttpSettings
from extract.source import Source, SourceSettings, Stream
from tests.sources.cases import CASES, Case
from tests.sources.simulated import BAD, GOOD, SimulatedApi, credential, is_let_in, laid_out, page_asked

ROOT = Path(__file__).resolve().parents[2]
DROPPED_IN = '''
"""A source that somebody has just written."""

from extract.source import Source, SourceSettings, Stream


class ShopSettings(SourceSettings):
    """Section [sources.shop]."""

    base_url: str = "http://127.0.0.1:1"


SOURCE = Source("shop", (Stream("things", "/things", primary_key=("id",), full_list=True),), ShopSettings)
'''


@pytest.mark.parametrize(
    ("fixture", "told"),
    [
        (None, "shop.things has no fixture: add tests/sources/fixtures/shop__things.json"),
        ("[]", "the fixture of shop.things is empty"),
        ('{"id": 1}', "the fixture of shop.things is no list"),
        ('[{"id": 1}, {"id": 1}]', "a key repeats"),
        ('[{"id": 1}, {"id": null}]', "no usable key"),
    ],
)
def test_a_source_without_a_usable_fixture_passes(fixture: str | None, told: str, tmp_path: Path) -> None:
    for folder in ("extract", "sandbox", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "extract" / "sources" / "shop.py").write_text(DROPPED_IN)
    if fixture is not None:
        (tmp_path / "tests" / "sources" / "fixtures" / "shop__things.json").write_text(fixture)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/sources/test_every_source.py", "-k", "shop and key"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert told in done.stdout
    assert "skipped" not in done.stdout


KINDS = [
    PageToken(),
    PageToken(Envelope("result.rows"), "meta.next", size=Size(None, most=3), may_lack=True),
    PageOffset(),
    PageOffset(Envelope("items", total="meta.total")),
    PageOffset(Envelope("items"), has_more="has_more"),
    PageNumber(Envelope(None)),
    PageNumber(Envelope(None, total_header="x-total-count"), first=0, size=Size("per_page", most=3)),
    PageNumber(total_pages="pages"),
    PageNumber(has_more="more"),
    LinkHeader(),
    NextUrl(Envelope("results"), "links.next"),
    NextUrl(may_lack=True),
    IdRange(),
    IdRange(size=Size("limit", most=3)),
    TimeWindow(
        "id",
        "from",
        "to",
        Size("limit", most=3),
        form=CursorFormat.EPOCH_SECONDS,
        unique_times=True,
        first="1970-01-01T00:00:00Z",
    ),
    SinglePage(),
    SinglePage(Envelope(None)),
]


@pytest.mark.parametrize("paginator", KINDS, ids=lambda paginator: type(paginator).__name__)
@pytest.mark.parametrize("count", [0, 1, 4, 5])
def test_a_simulated_api_pages_otherwise_than_declared(
    paginator: Any, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Stream("things", "/things", primary_key=("id",), paginator=paginator, full_list=True)
    case = Case(Source("shop", (stream,), SourceSettings), stream)
    served: list[Any] = [{"id": number} for number in range(count)]
    api = SimulatedApi(case, served)
    for name, value in credential(case.source, GOOD).items():
        monkeypatch.setenv(name, value)
    found: list[Any] = []
    walk = paginator.start()
    with RestClient("shop", "http://api.test", HttpSettings(attempts=1), transport=api) as client:
        while walk is not None:
            page = client.get(stream.path, walk.params(2), partial(walk.read, page_size=2))
            found += [json.loads(bytes(record)) for record in page.records]
            walk = walk.after(page)
    assert found == served
    assert len(api.requests) <= count // 2 + 2


AUTHS = [Bearer(), ApiKey("X-API-Key"), ApiKey("key", "query"), Basic(), OAuth2(), OAuth2(client_in="form")]


@pytest.mark.parametrize("auth", AUTHS, ids=str)
def test_a_simulated_api_lets_a_stranger_in_or_a_caller_not(
    auth: Auth, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Stream("things", "/things", primary_key=("id",), full_list=True)
    source = Source("shop", (stream,), SourceSettings, auth=auth)
    api = SimulatedApi(Case(source, stream), [{"id": 1}])

    def ask(secret: str) -> bytes:
        for name, value in credential(source, secret).items():
            monkeypatch.setenv(name, value)
        with RestClient(
            "shop", "http://api.test", HttpSettings(attempts=1), transport=api, auth=auth
        ) as client:
            return client.get("/things", {"page_size": "2"}, lambda answer: answer.body)

    assert b'[{"id": 1}]' in ask(GOOD)
    with pytest.raises(ConfigurationError, match="SHOP_"):
        ask(BAD)


def test_a_kind_of_authentication_that_nobody_can_simulate_is_passed_over() -> None:
    with pytest.raises(
        AssertionError, match=r"authentication by object: register .* tests/sources/simulated\.py"
    ):
        is_let_in(object(), httpx.Request("GET", "http://api.test/things"))


def test_a_paginator_that_nobody_can_simulate_is_passed_over() -> None:
    class Spiral:
        """Pages in a way of its own."""

    request = httpx.Request("GET", "http://api.test/things")
    for serve in (
        lambda: page_asked(Spiral(), request, []),
        lambda: laid_out(Spiral(), request, [], slice(0)),
    ):
        with pytest.raises(AssertionError, match=r"pages by Spiral: register .* tests/sources/simulated\.py"):
            serve()


def test_a_stream_of_a_source_is_left_out() -> None:
    assert {"smartpizza.orders", "smartpizza.branches"} <= set(CASES)

"""Pages chained by URLs: every record once, and no credential follows a URL to another place."""

from collections.abc import Callable
from contextlib import suppress
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.answer import Answer
from extract.errors import BadAnswerError
from extract.link_header import link_target
from extract.paginate import Envelope, LinkHeader, NextUrl, Size
from tests.extract.walking import MODES, URL, Walking, body, often, things

HERE = "/v1/things"
BASES = {
    "absolute": URL,
    "by path": HERE,
    "query only": "",
    "other spelling": "HTTPS://API.test:443/v1/thing%73",
}


def serve(count: int, base: str, cursor: str = "") -> Callable[[dict[str, str]], Answer]:
    """A list that names the next page both ways; its cursor ends in any text."""

    def page(params: dict[str, str]) -> Answer:
        start = int(params.get("cursor", "0").removesuffix(cursor))
        end = start + int(params["per_page"])
        data = things(count)[start:end]
        if end >= count:
            return body({"items": data, "next": None}, link=f'<{URL}>; rel="first"')
        query = urlencode({"per_page": params["per_page"], "cursor": f"{end}{cursor}", "empty": ""})
        url = f"{base}?{query}"
        return body({"items": data, "next": url}, link=f'<{URL}>; rel="first", <{url}>; rel="next"')

    return page


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("base", BASES)
@often
@given(
    count=st.integers(0, 40),
    size=st.integers(1, 12),
    cursor=st.text(st.characters(codec="utf-8"), max_size=5),
)
def test_every_record_comes_once_and_in_order(
    base: str, mode: str, count: int, size: int, cursor: str
) -> None:
    server = serve(count, BASES[base], f"-{cursor}")
    for paginator in (LinkHeader(Envelope("items")), NextUrl(Envelope("items"), size=Size("per_page"))):
        assert Walking(paginator, server).records(size, mode) == things(count)


ELSEWHERE = [
    "https://evil.test/v1/things?page=2",
    "http://api.test/v1/things?page=2",
    "https://api.test:8443/v1/things?page=2",
    "//evil.test/v1/things?page=2",
    "https://api.test@evil.test/v1/things?page=2",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_next_page_of_another_origin_is_not_followed(url: str) -> None:
    for other_path in (False, True):
        paginator = LinkHeader(other_path=other_path)
        walking = Walking(paginator, lambda _: body([], link=f'<{url}>; rel="next"'))
        with pytest.raises(
            BadAnswerError, match=r"next page is at .*test.*, this one is at https://api\.test/v1/things$"
        ):
            walking.records(10)


def test_a_next_page_of_another_path_is_followed_only_where_that_is_declared() -> None:
    link = '<https://api.test/repositories/17/issues?page=2>; rel="next"'
    server = lambda params: body([len(params)], **({} if "page" in params else {"link": link}))  # noqa: E731
    with pytest.raises(BadAnswerError, match=r"at https://api\.test/repositories/17/issues, this one is at"):
        Walking(LinkHeader(), server).records(10)
    walking = Walking(LinkHeader(other_path=True), server)
    assert walking.records(10) == [1, 1]
    assert walking.asked == [{"per_page": "10"}, {"page": "2"}]


def test_an_echoed_credential_is_neither_kept_nor_told() -> None:
    link = f'<{URL}?page=2&api_key=secret>; rel="next"'
    walk = LinkHeader(without=("api_key",)).start()
    page = walk.read(body([], link=link), 10)
    assert page.next_state == "page=2"
    for told in ("https://user:secret@evil.test/?api_key=secret", f"{URL}?page=2&page=3&api_key=secret"):
        with pytest.raises(BadAnswerError) as refused:
            walk.read(body([], link=f'<{told}>; rel="next"'), 10)
        assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (URL, "has no query"),
        (f"{URL}?tag=a&tag=b", "names tag more than once"),
        ("https://[::1/v1/things?page=2", "next URL is none"),
        (f"{URL}?cursor=%ff", "next URL is none"),
    ],
)
def test_a_next_url_that_parameters_cannot_carry_is_refused(url: str, words: str) -> None:
    for paginator in (LinkHeader(Envelope("items")), NextUrl(Envelope("items"))):
        with pytest.raises(BadAnswerError, match=words):
            Walking(
                paginator, lambda _: body({"items": [], "next": url}, link=f'<{url}>; rel="next"')
            ).records(10)


def test_a_url_that_comes_again_is_no_endless_walk() -> None:
    walking = Walking(NextUrl(), lambda _: body({"data": things(1), "next": "?page=2"}))
    with pytest.raises(BadAnswerError, match="followed before"):
        walking.records(10)


def test_a_field_that_is_left_out_is_the_end_only_where_that_is_declared() -> None:
    def server(_: dict[str, str]) -> Answer:
        return body({"data": things(1)})

    with pytest.raises(BadAnswerError, match="not the declared JSON envelope"):
        Walking(NextUrl(next_url=("@odata.nextLink",)), server).records(10)
    assert Walking(NextUrl(next_url=("@odata.nextLink",), may_lack=True), server).records(10) == things(1)


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("", None),
        ("<a?p=2>; rel=next", "a?p=2"),
        ('<a>; rel="prev", <b>; rel="next"', "b"),
        ('<a>;title="; rel=\\"next\\", <x>";rel=prev , <b>;REL="last NEXT";x', "b"),
        ("<a>; rel=prev; rel=next", None),
        ('<a,b;c>; rel="next"', "a,b;c"),
        (", ,<a> ; rel = next ;,", "a"),
        ("<a>; rel=next, <b>; rel=next", "a"),
        ("<a>", None),
    ],
)
def test_a_link_header_is_read_as_rfc_8288_says(header: str, target: str | None) -> None:
    assert link_target(header, "next") == target


@often
@given(st.text(max_size=30))
def test_a_link_header_that_is_none_is_refused_or_read(text: str) -> None:
    safe = quote(text, safe="")
    assert link_target(f'<{safe}>; title="{safe}"; rel="next"', "next") == safe
    with suppress(ValueError):
        link_target(text, "next")


@pytest.mark.parametrize("header", ["a; rel=next", "<a>; rel=next <b>", "<a; rel=next", '<a>; rel="next'])
def test_half_a_link_header_is_not_taken_for_the_end(header: str) -> None:
    with pytest.raises(BadAnswerError, match="Link header is no list of links"):
        Walking(LinkHeader(), lambda _: body([], link=header)).records(10)

"""Pages are sliced whatever their records hold, and never otherwise than they were sent."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.answer import Answer
from extract.envelope import Envelope, Opener
from extract.errors import BadAnswerError
from extract.json_shape import Leaf
from tests.extract.walking import often

DIRTY = {
    "a lone surrogate": b'"\\ud800"',
    "the other half": b'"\\udc00\\\\\\ud800\\ud83d\\ude00"',
    "a control character": b'"a\x01b"',
    "a raw line break": b'"a\nb\tc"',
    "a zero byte": b'"\x00"',
    "bytes that are no UTF-8": b'"\xff\xfe"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "a number beyond double": b"1e400",
    "200,000 digits": b"9" * 200_000,
    "an escaped zero": b'"\\u0000"',
}
FIELDS = st.one_of(
    st.sampled_from([value for name, value in DIRTY.items() if "digits" not in name]),
    st.text(max_size=8).map(lambda text: json.dumps(text).encode()),
    st.binary(max_size=8).map(lambda text: b'"' + text.replace(b'"', b"").replace(b"\\", b"") + b'"'),
    st.integers().map(lambda number: b"%d" % number),
    st.just(b'{"data": [1, "]", {"next": "\\"["}]}'),
)
RECORDS = st.lists(FIELDS | FIELDS.map(lambda value: b'{"id": 7 ,\r\n"x":' + value + b"}"), max_size=12)
ENVELOPES = {
    "top": (Envelope("data"), b'{"a": "[]", "data" : ', b', "z": [[1]]}'),
    "nested": (Envelope("result.items"), b'{"items":[1],"result":{"data":[2],\n "items":', b"}}"),
    "a name with dots": (Envelope(("@odata.value",)), b'{"@odata.value":', b"}"),
    "bare": (Envelope(None), b" \n", b"\t"),
}


def opened(envelope: Envelope, body: bytes, **headers: str) -> Any:
    return Opener(envelope).open(Answer(body, headers))


@pytest.mark.parametrize("kind", ENVELOPES)
@often
@given(records=RECORDS, comma=st.sampled_from([b",", b" ,\n ", b",\t"]))
def test_records_are_the_bytes_that_came(kind: str, records: list[bytes], comma: bytes) -> None:
    envelope, before, after = ENVELOPES[kind]
    body = before + b"[ " + comma.join(records) + b"\n]" + after
    assert [bytes(record) for record in opened(envelope, body).records] == records


@pytest.mark.parametrize("way", DIRTY)
def test_one_dirty_record_does_not_break_its_page(way: str) -> None:
    records = [b'{"id":1}', b'{"id":2,"x":' + DIRTY[way] + b"}", b'{"id":3}']
    found = opened(Envelope("data"), b'{"data":[' + b",".join(records) + b"]}").records
    assert [bytes(record) for record in found] == records


BROKEN = [
    b'{"data":[1,2',
    b'{"data":[1 2]}',
    b'{"data":[1],"next":"a\x01b"}',
    b'{"data":[1],"next":"\\ud800"}',
    b'{"data":[1\x01,2]}',
    b'{"data":[1,\x00"\\ud800"]}',
    b'{"data":["\\ud800"\x01]}',
    b'{"other":["\\ud800"],"data":["\\u0020"]}',
    b'{"data":[{"x":\\q}]}',
    b'{"data":[{"x":NaN}]}',
    b'{"data":[{"x":"\\q"}]}',
    b'\x01{"data":["\\ud800"]}',
    b'{"data":{"x":"\\ud800"}}',
    b'{"data":null}',
    b'{"data":[],"as_of":"\xff"}',
    b'{"data":[],"total":1e400}',
    b'{"data":[],"total":"many"}',
    b'{"data":[],"total":-1}',
    b'{"other":[["\\ud800"]],"data":["\\ud800"],"data":["\\ud800"]}',
    b"",
    b"\xef\xbb\xbf{}",
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", BROKEN)
def test_a_page_that_is_broken_around_its_records_is_refused(body: bytes) -> None:
    with pytest.raises(BadAnswerError, match="the answer"):
        opened(Envelope("data", as_of="as_of", total="total"), body)


@often
@given(st.binary(max_size=60), st.sampled_from([b'{"data":[%b]}', b"%b", b'{"data":[{"x":"%b"}]}']))
def test_no_body_does_anything_else_than_being_read_or_refused(noise: bytes, frame: bytes) -> None:
    body = frame.replace(b"%b", noise)
    try:
        found = opened(Envelope("data"), body).records
    except BadAnswerError:
        return
    start = 0
    for record in found:
        start = body.index(bytes(record), start) + len(record)


def test_what_lies_around_the_records_is_read_wherever_it_is() -> None:
    envelope = Envelope("result.items", as_of="meta.time.server", total="meta.total")
    more = {"next": ("meta.paging.next", Leaf(str | None, None)), "kind": ("kind", Leaf(str))}
    opener = Opener(envelope, more)
    full = {
        "kind": "list",
        "meta": {"time": {"server": "2026-03-16T00:00:00Z"}, "total": 7, "paging": {"next": "a"}},
        "result": {"items": [1]},
    }
    found = opener.open(Answer(json.dumps(full).encode()))
    assert (found.as_of, found.total, found.more) == (
        "2026-03-16T00:00:00Z",
        7,
        {"next": "a", "kind": "list"},
    )
    for meta in ({}, {"time": None, "paging": {}}, None):
        bare = {"kind": "list", "meta": meta, "result": {"items": []}}
        found = opener.open(Answer(json.dumps(bare).encode()))
        assert (found.as_of, found.total, found.more) == (None, None, {"next": None, "kind": "list"})
    with pytest.raises(BadAnswerError, match="missing required field `kind`"):
        opener.open(Answer(b'{"result":{"items":[]}}'))


def test_declarations_that_contradict_are_refused() -> None:
    with pytest.raises(ValueError, match="either total or total_header"):
        Envelope(total="total", total_header="X-Total-Count")
    with pytest.raises(ValueError, match="a bare list has no fields"):
        Opener(Envelope(None, as_of="as_of"))
    with pytest.raises(ValueError, match="both as a field and as an object"):
        Opener(Envelope("data", total="data.total"))

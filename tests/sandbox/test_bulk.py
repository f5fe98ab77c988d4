"""The bulk API: its orders, its pages, its planted faults and what it counts."""

import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.bulk import (
    BadShares,
    BulkConfig,
    FaultPlan,
    PageFault,
    RunningBulk,
    bad_records,
    page_fault,
    record_bytes,
    serve_bulk,
)
from tests.end_to_end.company import Company

ROOT = Path(__file__).parents[2]
EVERY_KIND = BadShares(nul=0.05, surrogate=0.05, not_utf8=0.05, number=0.05, too_large=0.05, no_key=0.05)
START = b'{"data":['
END = re.compile(rb'\],"next_page_token":(?:null|"([^"]+)"),"has_more":(true|false),"as_of":"([^"]+)"')


# One client for all: each new one would load certificates that nobody needs here.
CLIENT = httpx.Client(trust_env=False, timeout=5)


@pytest.fixture(scope="module")
def running() -> Iterator[RunningBulk]:
    with serve_bulk() as api:
        yield api


@pytest.fixture
def api(running: RunningBulk) -> RunningBulk:
    """The API as it was started, whatever the test before did to it."""
    running.change(**{name: getattr(BulkConfig(), name) for name in BulkConfig.__struct_fields__})
    running.faults()
    running.reset()
    return running


def get(api: RunningBulk, path: str = "/v1/orders", **query: object) -> httpx.Response:
    headers = {"authorization": f"Bearer {api.token}"}
    return CLIENT.get(api.url + path, params=query, headers=headers)


def pages(api: RunningBulk, **query: object) -> Iterator[bytes]:
    """The orders of each page as they were served, with the commas between them."""
    while True:
        body = get(api, **query).raise_for_status().content
        end = END.search(body, body.rindex(b'],"next_page_token"'))
        assert end is not None
        yield body[len(START) : end.start()]
        assert (end[1] is None) == (end[2] == b"false")
        if end[1] is None:
            return
        query["page_token"] = end[1].decode()


def page_at(api: RunningBulk, start: int, **query: object) -> dict[str, object]:
    """The query of the page that begins at order `start`, told from a token that was issued; not counted."""
    token = get(api, page_size=1).json()["next_page_token"]
    api.reset()
    return {"page_token": token.replace("-1-", f"-{start}-", 1), **query}


def expected(config: BulkConfig, first: int, stop: int) -> bytes:
    return b",".join(record_bytes(config, index) for index in range(first, stop))


@settings(max_examples=30, deadline=None)
@given(records=st.integers(0, 60), page_size=st.integers(1, 70), bad=st.booleans())
def test_pages_hold_every_record_exactly_once(running, records, page_size, bad):
    config = running.change(
        records=records, bad=EVERY_KIND if bad else BadShares(), too_large_bytes=2000, fixed=False
    )
    served = [page for page in pages(running, page_size=page_size) if page]
    assert b",".join(served) == expected(config, 0, records)


def test_orders_are_valid_sorted_and_about_530_bytes_long():
    config = BulkConfig(records=9000)
    texts = [record_bytes(config, index) for index in range(0, 9000, 7)]
    assert {len(text) for text in texts} == {len(texts[0])}
    assert 500 <= len(texts[0]) <= 560
    orders = [json.loads(text) for text in texts]
    assert texts == [json.dumps(order, separators=(",", ":")).encode() for order in orders]
    assert orders == sorted(orders, key=lambda order: (order["updated_at"], order["order_id"]))
    for order in orders:
        assert order["placed_at"] <= order["updated_at"]
        line = order["items"][0]
        assert Decimal(order["subtotal"]) == line["quantity"] * Decimal(line["unit_price"])
        assert Decimal(order["total"]) == Decimal(order["subtotal"]) + Decimal(order["tax_total"])


def test_ids_and_times_stay_right_where_their_digits_roll_over():
    config = BulkConfig(records=20_000_000)
    for index in (0, 3, 4, 9_999, 10_000, 345_599, 345_600, 9_999_999, 10_000_000):
        order = json.loads(record_bytes(config, index))
        assert order["order_id"] == f"ord_{index:012d}"
        moment = time.gmtime(1_773_619_200 + index // 4)
        assert order["updated_at"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)
        assert order["business_date"] == order["placed_at"][:10]


def test_since_and_until_choose_a_half_open_range(api):
    config = api.change(records=100)
    since, until = "2026-03-16T00:00:03Z", "2026-03-16T00:00:20.001Z"
    served = b",".join(pages(api, updated_since=since, updated_until=until, page_size=7))
    assert served == expected(config, 12, 84)
    assert list(pages(api, updated_since="2026-03-20T00:00:00Z")) == [b""]
    assert get(api, updated_since="yesterday").status_code == 400
    assert get(api, page_size=0).status_code == 400
    assert get(api, updated_sinse=since).status_code == 400


def test_a_token_resumes_after_other_requests_and_only_its_own_query(api):
    config = api.change(records=30)
    first = get(api, page_size=10).json()
    get(api, page_size=3)
    again = get(api, page_size=10, page_token=first["next_page_token"])
    assert again.content.startswith(START + expected(config, 10, 20) + b"]")
    other = get(api, updated_since="2026-03-16T00:00:01Z", page_token=first["next_page_token"])
    assert other.status_code == 400
    assert get(api, page_token="forged").status_code == 400
    api.expire_tokens()
    assert get(api, page_token=first["next_page_token"]).status_code == 410


def test_records_that_come_later_lie_at_or_after_the_watermark(api):
    api.change(records=9)
    watermark = get(api).json()["as_of"]
    api.change(records=30)
    found = json.loads(b"[" + b",".join(pages(api, updated_since=watermark)) + b"]")
    assert [order["order_id"] for order in found] == [f"ord_{index:012d}" for index in range(8, 30)]


def test_bad_records_are_as_computed_and_each_bad_in_its_way(api):
    config = BulkConfig(records=2000, bad=EVERY_KIND, too_large_bytes=2000)
    bad = bad_records(config)
    assert set(Counter(bad.values())) == set(EVERY_KIND.by_kind())
    assert all(60 <= count <= 140 for count in Counter(bad.values()).values())
    looks = {
        "nul": lambda text: rb"\u0000" in text,
        "surrogate": lambda text: rb"\ud800" in text,
        "not_utf8": lambda text: b"\xff\xfe" in text,
        "number": lambda text: b'"total":1e200000,' in text,
        "too_large": lambda text: len(text) == 2001 and b'"note":"xx' in text,
        "no_key": lambda text: b"order_id" not in text,
    }
    good = BulkConfig(records=2000)
    for index in range(2000):
        text = record_bytes(config, index)
        assert (text == record_bytes(good, index)) == (index not in bad)
        if index in bad:
            assert looks[bad[index]](text)
            json.loads(text.replace(b"\xff\xfe", b""))
    fixed = api.change(records=2000, bad=EVERY_KIND, too_large_bytes=2000, fixed=True)
    assert b",".join(pages(api)) == expected(good, 0, 2000)
    assert bad_records(fixed) == bad
    assert record_bytes(fixed, min(bad)) == record_bytes(good, min(bad))


def test_a_share_of_pages_fails_its_first_times_and_then_no_more(api):
    api.change(records=400)
    queries = {start: page_at(api, start, page_size=10) for start in range(0, 400, 10)}
    plan = api.faults(half_json={"share": 0.2, "times": 2}, html={"share": 0.1}, error_body={"share": 0.1})
    fates = {start: page_fault(plan, 1, start, 1) for start in queries}
    assert set(fates.values()) == {None, "half_json", "html", "error_body"}
    for start, kind in fates.items():
        for attempt in (1, 2, 3):
            answer = get(api, **queries[start])
            whole = kind is None or (kind == "half_json" and attempt == 3)
            assert answer.status_code == 200
            assert answer.content.startswith(START) == (whole or kind == "half_json")
            assert answer.content.endswith(b"}") == (whole or kind == "error_body")
    counts = api.counts()
    wanted = Counter({"half_json": 2, "html": 3, "error_body": 3})
    assert counts.faults == {kind: wanted[kind] * list(fates.values()).count(kind) for kind in wanted}
    assert counts.page_requests == dict.fromkeys(fates, 3)
    assert counts.requests == 120
    assert counts.pages == counts.records / 10 == 120 - sum(counts.faults.values())


def test_a_rate_is_drawn_for_each_request_anew_and_is_kept():
    plan = FaultPlan(too_many=PageFault(rate=0.1), server_error=PageFault(rate=0.1))
    drawn = [
        page_fault(plan, 7, start, attempt) for start in range(0, 500_000, 1000) for attempt in (1, 2, 3)
    ]
    assert drawn == [
        page_fault(plan, 7, start, attempt) for start in range(0, 500_000, 1000) for attempt in (1, 2, 3)
    ]
    assert 100 <= drawn.count("too_many") <= 200
    assert 100 <= drawn.count("server_error") <= 200
    firsts = [first for first, _, _ in zip(drawn[::3], drawn[1::3], drawn[2::3], strict=True) if first]
    agains = [again for first, again in zip(drawn[::3], drawn[1::3], strict=True) if first and again]
    assert len(agains) < len(firsts) / 2


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ("reset", httpx.ReadError),
        ("cut_gzip", None),
        ("time_out", httpx.RemoteProtocolError),
    ],
)
def test_a_broken_transfer_is_broken_as_named_and_the_next_is_whole(api, fault, raised):
    api.faults(**{fault: {"share": 1, "times": 1}}, time_out_seconds=0.2)
    if raised:
        with pytest.raises(raised):
            get(api)
    else:
        # httpx hands over what it could unpack: a client has to look for the end itself.
        assert not get(api).content.endswith(b"}")
    assert len(get(api).json()["data"]) == 1000
    assert api.counts().faults == {fault: 1}


def test_a_drip_keeps_its_pace(api):
    api.change(records=0)
    api.faults(drip={"share": 1, "times": 1}, drip_bytes_per_second=200)
    started = time.monotonic()
    size = len(get(api).content)
    assert time.monotonic() - started >= size / 200


def test_server_errors_have_all_four_statuses(api):
    api.faults(server_error={"rate": 1})
    assert {get(api).status_code for _ in range(40)} == {500, 502, 503, 504}


def test_gzip_is_sent_where_it_is_on_and_accepted(api):
    assert "content-encoding" not in get(api).headers
    api.change(gzip=True)
    answer = get(api)
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.json()["data"]) == 1000


def test_calls_before_their_retry_after_are_counted(api):
    api.faults(too_many={"share": 1, "times": 2}, retry_after=1)
    in_seconds = get(api)
    assert (in_seconds.status_code, in_seconds.headers["retry-after"]) == (429, "1")
    as_date = get(api)
    assert re.fullmatch(r"\w{3}, .* GMT", as_date.headers["retry-after"])
    assert api.counts().early_calls == 1
    time.sleep(2.1)
    assert get(api).status_code == 200
    assert api.counts().early_calls == 1
    assert api.counts().faults == {"too_many": 2}


def test_a_call_for_another_page_is_early_too_unless_it_was_on_its_way(api):
    second, third = page_at(api, 10, page_size=10), page_at(api, 20, page_size=10)
    api.faults(too_many={"share": 1, "times": 1}, retry_after=1)
    assert get(api, page_size=10).status_code == 429
    api.faults()
    get(api, **second)
    assert api.counts().early_calls == 0
    time.sleep(0.2)
    get(api, **third)
    assert api.counts().early_calls == 1


def test_a_wrong_plan_is_refused(api):
    with pytest.raises(ValueError, match="nonsense"):
        api.faults(nonsense={"rate": 0.1})
    with pytest.raises(ValueError, match="more than 1"):
        api.faults(reset={"rate": 0.6}, drip={"rate": 0.6})
    with pytest.raises(ValueError, match="more than 1"):
        BadShares(nul=0.6, no_key=0.6)


def test_the_token_is_asked_for(api):
    assert CLIENT.get(api.url + "/v1/orders").status_code == 401
    assert get(api, "/v1/customers").status_code == 404


def test_a_delay_passes_before_each_answer(api):
    api.change(delay_ms=150)
    started = time.monotonic()
    get(api)
    assert time.monotonic() - started >= 0.15


def test_the_process_ends_with_whoever_started_it():
    starter = "from sandbox.bulk import serve_bulk\nimport os, sys\nwith serve_bulk() as api:\n"
    starter += "    print(api.url, flush=True)\n    os.kill(os.getpid(), 9)\n"
    done = subprocess.run(
        [sys.executable, "-c", starter], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    url = done.stdout.strip()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            CLIENT.get(url)
        except httpx.ConnectError:
            return
        time.sleep(0.05)
    pytest.fail("the API outlived its starter")


def test_a_wrong_start_is_one_line_and_exit_code_2():
    command = [sys.executable, "-m", "sandbox.bulk", "--records", "-1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "records" in done.stderr


def test_orders_that_the_base_model_quarantines_prove_nothing(api, elt_database, tmp_path):
    api.change(records=3000)
    company = Company(api, elt_database, tmp_path)
    company.extract("run", "smartpizza", "--stream", "orders")
    company.dbt("run", "--quiet", "--select", "base_smartpizza__orders")
    found = company.query("select violations, count(*) from base.base_smartpizza__orders group by 1")
    assert found == [([], 3000)]

"""Faults on order, and the server's own count of what it served."""

import email.utils
import time

import httpx
import pytest

from sandbox.smartpizza import Config, Rates, RunningApi, serve

ORDERS = {"page_size": 50, "include_deleted": "true"}


def test_served_counts_whole_successful_answers(smartpizza_fresh: RunningApi):
    records = smartpizza_fresh.records("/v1/orders")
    with smartpizza_fresh.client() as client:
        assert client.get("/v1/orders", params={"page_size": 0}).status_code == 400
        client.get(f"/v1/orders/{records[0]['order_id']}")
    served = smartpizza_fresh.served()
    assert served["orders"]["records"] == len(records)
    assert served["order"] == {"records": 1, "pages": 1}
    assert served["faults"] == {}
    smartpizza_fresh.reset_served()
    assert smartpizza_fresh.served() == {"faults": {}}


def test_a_count_of_faults_ends_and_after_delays_it(smartpizza_fresh: RunningApi):
    smartpizza_fresh.faults(server_error={"count": 2, "after": 1, "status": 502})
    with smartpizza_fresh.client() as client:
        statuses = [client.get("/v1/branches").status_code for _ in range(5)]
    assert statuses == [200, 502, 502, 200, 200]
    assert smartpizza_fresh.served()["faults"] == {"server_error": 2}
    assert smartpizza_fresh.observed()["fired"] == {"server_error": 2}


def test_a_rate_of_faults_is_drawn_from_the_seed():
    def statuses() -> list[int]:
        with serve(Config(branches=1, days=0)) as api, api.client() as client:
            api.faults(server_error={"rate": 0.5})
            return [client.get("/v1/branches").status_code for _ in range(30)]

    first = statuses()
    assert first == statuses()
    assert 5 < first.count(503) < 25


def test_faults_hit_only_the_paths_they_name(smartpizza_fresh: RunningApi):
    smartpizza_fresh.faults(server_error={"rate": 1, "path": "/v1/customers*"})
    with smartpizza_fresh.client() as client:
        assert client.get("/v1/orders").status_code == 200
        assert client.get("/v1/customers").status_code == 503
        assert client.get("/v1/customers/erasures").status_code == 503
        assert smartpizza_fresh.faults()["plan"] == {}
        assert client.get("/v1/customers").status_code == 200


@pytest.mark.parametrize(
    ("plan", "word"),
    [
        ({"sever_error": {"count": 1}}, "sever_error"),
        ({"server_error": {"count": 1, "status": 418}}, "418"),
        ({"server_error": {"rate": 2}}, "rate"),
        ({"server_error": {}}, "count or a rate"),
    ],
)
def test_an_unknown_fault_is_refused_by_name(smartpizza_fresh: RunningApi, plan, word):
    with pytest.raises(ValueError, match=word):
        smartpizza_fresh.faults(**plan)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_calls_before_retry_after_are_seen(smartpizza_fresh: RunningApi, form):
    smartpizza_fresh.faults(too_many_requests={"count": 1, "retry_after": 1, "form": form})
    with smartpizza_fresh.client() as client:
        refused = client.get("/v1/orders")
        assert refused.status_code == 429
        header = refused.headers["retry-after"]
        if form == "date":
            allowed = email.utils.parsedate_to_datetime(header).timestamp()
        else:
            assert header == "1"
            allowed = smartpizza_fresh.observed()["refusals"][0]["at"] + 1
        assert client.get("/v1/orders").status_code == 200
        time.sleep(max(0.0, allowed - time.time()) + 0.01)
        assert client.get("/v1/orders").status_code == 200
    observed = smartpizza_fresh.observed()
    assert observed["early_calls"] == 1
    assert observed["refusals"][0]["retry_from"] == pytest.approx(allowed, abs=0.001)


def test_unauthorized_strikes_in_mid_run(smartpizza_fresh: RunningApi):
    smartpizza_fresh.faults(unauthorized={"count": 1, "after": 1})
    with smartpizza_fresh.client() as client:
        assert [client.get("/v1/branches").status_code for _ in range(3)] == [200, 401, 200]


def test_a_cut_body_is_not_json_and_not_counted(smartpizza_fresh: RunningApi):
    smartpizza_fresh.faults(cut_gzip={"count": 1})
    with smartpizza_fresh.client() as client:
        cut = client.get("/v1/recipes")
        assert cut.status_code == 200
        with pytest.raises(ValueError, match=r"(?i)json|expecting|unterminated|delimiter"):
            cut.json()
    assert smartpizza_fresh.served() == {"faults": {"cut_gzip": 1}}


def test_a_closed_connection_is_not_counted(smartpizza_fresh: RunningApi):
    smartpizza_fresh.faults(disconnect={"count": 1})
    with smartpizza_fresh.client() as client, pytest.raises(httpx.RemoteProtocolError):
        client.get("/v1/recipes")
    assert smartpizza_fresh.served() == {"faults": {"disconnect": 1}}


def test_an_error_may_hide_behind_a_200(smartpizza_fresh: RunningApi):
    smartpizza_fresh.faults(error_body={"count": 1, "path": "/v1/orders"}, html={"count": 1})
    with smartpizza_fresh.client() as client:
        body = client.get("/v1/orders")
        page = client.get("/v1/orders")
    assert (body.status_code, list(body.json())) == (200, ["error"])
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert smartpizza_fresh.served() == {"faults": {"error_body": 1, "html": 1}}


def test_a_slow_body_arrives_whole_and_counts(smartpizza_fresh: RunningApi):
    smartpizza_fresh.faults(slow_drip={"count": 1, "bytes_per_second": 20_000})
    started = time.monotonic()
    with smartpizza_fresh.client() as client:
        records = client.get("/v1/recipes", params={"page_size": 1000}).json()["data"]
    assert time.monotonic() - started > 0.15
    assert smartpizza_fresh.served()["recipes"] == {"records": len(records), "pages": 1}


def test_a_client_that_leaves_a_slow_body_is_not_counted(smartpizza_fresh: RunningApi):
    smartpizza_fresh.faults(slow_drip={"count": 1, "bytes_per_second": 500})
    with smartpizza_fresh.client(timeout=0.3) as client, pytest.raises(httpx.ReadTimeout):
        client.get("/v1/recipes", headers={"accept-encoding": "identity"}, timeout=httpx.Timeout(0.05))
    time.sleep(0.3)
    assert "recipes" not in smartpizza_fresh.served()


def test_a_duplicated_page_comes_again_under_its_next_token_and_counts_twice():
    with serve(Config(branches=2, days=3, orders_per_day=40, uneven_pages=False)) as api:
        whole = api.records("/v1/orders", page_size=50)
        api.reset_served()
        api.faults(duplicated_page={"count": 1, "after": 1})
        pages = [page["data"] for page in api.pages("/v1/orders", page_size=50)]
        assert pages[1] == pages[2]
        assert [record for page in pages[:2] + pages[3:] for record in page] == whole
        assert api.served()["orders"] == {"records": len(whole) + 50, "pages": len(pages)}


def test_the_last_page_can_be_duplicated_too():
    with serve(Config(branches=1, days=1, uneven_pages=False)) as api:
        whole = api.records("/v1/branches")
        api.faults(duplicated_page={"rate": 1})
        assert api.records("/v1/branches") == whole * 2


def test_late_commits_appear_behind_the_cursor():
    with serve(Config(branches=8, days=2, rates=Rates(late_commit=0.5))) as api:
        api.faults(late_commits=True)
        first = list(api.pages("/v1/orders", page_size=1000, include_deleted="true"))
        assert {page["as_of"] for page in first} == {None}
        seen = {(o["order_id"], o["version"]) for page in first for o in page["data"]}
        newest = max(o["updated_at"] for page in first for o in page["data"])
        api.advance(minutes=5)
        later = api.records("/v1/orders", include_deleted="true")
        behind = [o for o in later if o["updated_at"] < newest and (o["order_id"], o["version"]) not in seen]
        assert behind
        api.faults(late_commits=False)
        assert api.records("/v1/orders")
        assert next(api.pages("/v1/branches"))["as_of"] is not None

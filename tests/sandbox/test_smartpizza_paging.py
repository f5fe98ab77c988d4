"""Paging, tokens and refusals of the simulated SmartPizza API."""

import httpx
import pytest

from sandbox.smartpizza import Config, RunningApi, serve

LISTINGS = ("/v1/orders", "/v1/recipes", "/v1/customers", "/v1/inventory/levels")


@pytest.mark.parametrize("path", [*LISTINGS, "/v1/customers/erasures", "/v1/branches"])
def test_two_servers_of_one_seed_do_not_differ(path):
    config = Config(branches=3, days=2, orders_per_day=20)
    with serve(config) as one, serve(config) as other:
        assert one.records(path) == other.records(path)


def test_another_seed_is_another_company():
    with serve(Config(branches=1, days=1, seed=1)) as one, serve(Config(branches=1, days=1, seed=2)) as other:
        assert one.records("/v1/orders") != other.records("/v1/orders")


@pytest.mark.parametrize("path", LISTINGS)
def test_no_record_is_lost_doubled_or_out_of_order_at_any_page_size(smartpizza_api: RunningApi, path):
    key = {
        "/v1/orders": lambda r: (r["updated_at"], r["order_id"]),
        "/v1/recipes": lambda r: (r["updated_at"], r["recipe_id"], r["version"]),
        "/v1/customers": lambda r: (r["updated_at"], r["customer_id"]),
        "/v1/inventory/levels": lambda r: (
            r["updated_at"], r["branch_id"], r["ingredient_id"], r["business_date"],
        ),
    }[path]  # fmt: skip
    keys = [key(record) for record in smartpizza_api.records(path)]
    assert keys == sorted(set(keys))
    assert [key(record) for record in smartpizza_api.records(path, page_size=333)] == keys


def test_short_and_empty_pages_come_before_the_end(smartpizza_api: RunningApi):
    pages = list(smartpizza_api.pages("/v1/orders", page_size=70))
    sizes = [len(page["data"]) for page in pages[:-1]]
    assert 0 in sizes
    assert any(0 < size < 70 for size in sizes)
    assert all(page["has_more"] for page in pages[:-1])
    assert pages[-1]["has_more"] is False
    assert {page["schema_version"] for page in pages} == {"2026-03"}
    assert {page["as_of"] for page in pages} == {smartpizza_api.now}


def test_updated_since_repeats_the_boundary_record(smartpizza_api: RunningApi, smartpizza_orders):
    boundary = smartpizza_orders[len(smartpizza_orders) // 2]
    after = smartpizza_api.records("/v1/orders", include_deleted="true", updated_since=boundary["updated_at"])
    at = next(n for n, order in enumerate(smartpizza_orders) if order["updated_at"] == boundary["updated_at"])
    assert after == smartpizza_orders[at:]


def test_a_sweep_during_writes_misses_nothing(smartpizza_fresh: RunningApi):
    seen = {}
    for number, page in enumerate(smartpizza_fresh.pages("/v1/orders", page_size=20, include_deleted="true")):
        seen |= {order["order_id"]: order for order in page["data"]}
        if number < 12:
            smartpizza_fresh.advance(hours=3)
    whole = smartpizza_fresh.records("/v1/orders", include_deleted="true")
    assert seen == {order["order_id"]: order for order in whole}


def test_regions_partition_the_orders(smartpizza_api: RunningApi, smartpizza_orders):
    parts = [
        smartpizza_api.records("/v1/orders", include_deleted="true", region=region)
        for region in ("eu", "na", "apac")
    ]
    assert all(parts)
    merged = sorted(
        (order for part in parts for order in part), key=lambda o: (o["updated_at"], o["order_id"])
    )
    assert merged == smartpizza_orders


def test_tombstones_are_served_only_when_asked_for(smartpizza_api: RunningApi, smartpizza_orders):
    living = [order for order in smartpizza_orders if "deleted" not in order]
    assert len(living) < len(smartpizza_orders)
    assert smartpizza_api.records("/v1/orders") == living


def _first_token(client: httpx.Client, **query) -> str:
    return client.get("/v1/orders", params={"page_size": 5} | query).json()["next_page_token"]


def test_an_expired_token_is_gone():
    with serve(Config(branches=1, days=1, token_seconds=0.0)) as api, api.client() as client:
        answer = client.get("/v1/orders", params={"page_size": 5, "page_token": _first_token(client)})
    assert answer.status_code == 410
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("/page-token-expired")


def test_all_tokens_can_be_expired_at_once(smartpizza_fresh: RunningApi):
    with smartpizza_fresh.client() as client:
        old = _first_token(client)
        smartpizza_fresh.faults(expire_page_tokens=True)
        assert client.get("/v1/orders", params={"page_size": 5, "page_token": old}).status_code == 410
        new = _first_token(client)
        assert client.get("/v1/orders", params={"page_size": 5, "page_token": new}).status_code == 200


def test_a_token_serves_only_the_query_it_was_issued_for(smartpizza_api: RunningApi):
    with smartpizza_api.client() as client:
        token = _first_token(client)
        for path, query in (
            ("/v1/orders", {"region": "eu"}),
            ("/v1/orders", {"updated_since": "2026-03-20T00:00:00Z"}),
            ("/v1/customers", {}),
        ):
            answer = client.get(path, params=query | {"page_token": token})
            assert answer.status_code == 400
            assert "another query" in answer.json()["detail"]
        assert client.get("/v1/orders", params={"page_token": token[:-3] + "abc"}).status_code == 400
        assert client.get("/v1/orders", params={"page_token": "\u00fc"}).status_code == 400


@pytest.mark.parametrize(
    ("path", "query", "word"),
    [
        ("/v1/orders", {"updated_since": "yesterday"}, "updated_since"),
        ("/v1/orders", {"updated_since": "2026-03-16T00:00:00"}, "zone"),
        ("/v1/orders", {"updated_since": "2026-02-30T00:00:00Z"}, "updated_since"),
        ("/v1/orders", {"page_size": "0"}, "1 to 1000"),
        ("/v1/orders", {"page_size": "1001"}, "1 to 1000"),
        ("/v1/orders", {"page_size": "ten"}, "1 to 1000"),
        ("/v1/orders", {"since": "2026-03-16T00:00:00Z"}, "since"),
        ("/v1/orders", {"region": "mars"}, "eu, na, apac"),
        ("/v1/orders", {"include_deleted": "yes"}, "true, false"),
        ("/v1/branches", {"updated_since": "2026-03-16T00:00:00Z"}, "updated_since"),
        ("/v1/orders/summary", {"business_date": "16.3.2026"}, "business_date"),
        ("/v1/orders/summary", {"business_date": "2026-03-16", "branch_id": "99"}, "branch 99"),
    ],
)
def test_a_bad_query_is_refused_by_name(smartpizza_api: RunningApi, path, query, word):
    with smartpizza_api.client() as client:
        answer = client.get(path, params=query)
    assert answer.status_code == 400
    assert word in answer.json()["detail"]


def test_only_the_right_token_opens_the_api(smartpizza_api: RunningApi):
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": smartpizza_api.token}):
        answer = httpx.get(smartpizza_api.url + "/v1/orders", headers=headers, trust_env=False)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


def test_what_is_not_there_is_a_404_problem(smartpizza_api: RunningApi):
    with smartpizza_api.client() as client:
        for path in (
            "/v1/nothing",
            "/v1/orders/6f03675a",
            "/v1/branches/99/inventory",
            "/v1/branches/x/inventory",
        ):
            answer = client.get(path)
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"


def test_pages_are_compressed_only_for_clients_that_take_it(smartpizza_api: RunningApi):
    with smartpizza_api.client() as client:
        query = {"page_size": 200, "updated_since": "2026-03-20T00:00:00Z"}
        small = client.get("/v1/orders", params=query)
        plain = client.get("/v1/orders", params=query, headers={"accept-encoding": "gzip;q=0"})
    assert small.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert small.json()["data"] == plain.json()["data"]

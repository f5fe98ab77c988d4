"""Invariant 5, extraction's part: records served = raw rows + dead letters."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from extract.errors import Exit
from extract.paginate import Envelope, PageOffset, Size
from extract.pipeline import run_source
from extract.run_record import RunResult
from extract.sources import all_sources
from sandbox.smartpizza import Config, serve
from tests.extract.conftest import Command
from tests.extract.fake_api import FakeApi, order


def test_the_servers_own_count_equals_raw_and_dead_letters(
    command: Command, elt_database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(Config(branches=2, days=2, orders_per_day=30, seed=3)) as api:
        monkeypatch.setenv("SMARTPIZZA_TOKEN", api.token)
        command.configure(f'[sources.smartpizza]\nbase_url = "{api.url}"\npage_size = 50')
        api.faults(
            server_error={"rate": 0.1},
            cut_gzip={"rate": 0.1},
            error_body={"rate": 0.05},
            duplicated_page={"rate": 0.1},
        )
        command.configure(
            f"""
            [http]
            attempts = 20
            backoff_seconds = 0
            [sources.smartpizza]
            base_url = "{api.url}"
            page_size = 10
            """
        )
        done = command.run("run", "smartpizza")
        assert done.returncode == 0, done.stderr
        served = api.served()
    assert sum(served.pop("faults").values()) > 0
    with elt_database.connect("admin") as admin:
        ours = dict(admin.execute("select stream, served from ops.sweeps").fetchall())
        for stream, count in ours.items():
            raw = admin.execute(f"select count(*) from raw.smartpizza__{stream}").fetchone()
            letters = admin.execute(
                "select count(*) from ops.dead_letters where stream = %s", [stream]
            ).fetchone()
            assert raw[0] + letters[0] == count == served[stream]["records"], stream


def test_rows_that_vanish_on_their_way_fail_loudly(
    extract: Callable[..., RunResult], elt_database: Any
) -> None:
    with elt_database.connect("admin", autocommit=True) as admin:
        admin.execute(
            """
            create function swallow() returns trigger language plpgsql as $$ begin return null; end $$;
            create trigger swallow before insert on raw.smartpizza__orders for each row
            when (new.record ->> 'order_id' = 'order-000003') execute function swallow()
            """
        )
        result = extract(FakeApi(orders=[order(number) for number in range(5)]))
        assert result.exit_code == Exit.FAILED
        assert "sent 5 rows, Postgres took 4" in str(result.error)
        assert admin.execute("select count(*) from raw.smartpizza__orders").fetchone() == (0,)
        assert admin.execute("select status, served from ops.sweeps").fetchone() == ("failed", 0)


class CountedPages(httpx.BaseTransport):
    """A list of `records`, by pages with offsets, that says it has `total`."""

    def __init__(self, records: int, total: int) -> None:
        self.records = records
        self.total = total

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        query = request.url.params
        first, count = int(query.get("offset", 0)), int(query["limit"])
        data = [order(number) for number in range(self.records)][first : first + count]
        return httpx.Response(
            200, stream=httpx.ByteStream(json.dumps({"data": data, "total": self.total}).encode())
        )


@pytest.mark.parametrize(("total", "error"), [(35, None), (36, "the API counts 36 records and served 35")])
def test_records_that_the_server_counts_and_does_not_serve_are_overlooked(
    total: int, error: str | None, pool: Any, make_settings: Any
) -> None:
    paginator = PageOffset(Envelope("data", total="total"), size=Size("limit", most=10))
    source = all_sources()["smartpizza"]
    stream = dataclasses.replace(source.stream("branches"), primary_key=("order_id",), paginator=paginator)
    result = run_source(pool, make_settings(), source, [stream], transport=CountedPages(35, total))
    assert (error or "") in (result.error or "")
    assert (result.error is None) is (error is None)
    with pool.connection() as connection:
        status = connection.execute("select status from ops.sweeps").fetchone()
    assert status == ("finished" if error is None else "failed",)

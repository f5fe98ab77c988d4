"""Invariant 5, extraction's part: records served = raw rows + dead letters."""

from collections.abc import Callable
from typing import Any

import pytest

from extract.errors import Exit
from extract.pipeline import RunResult
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

"""Marts rebuilt from raw without touching an API, whole or for days; and refused while raw is away in the archive."""

import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from extract.sources import all_sources
from sandbox.smartpizza import Config
from tests.end_to_end.company import Company

pytestmark = pytest.mark.timeout(600)
CONFIG = Config(branches=3, days=2, orders_per_day=15, seed=11)
FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
REPLAY = "{replay_from: 2026-03-01, replay_to: 2026-03-01}"
BASE = "path:models/staging/smartpizza/base"
STREAMS = all_sources()["smartpizza"].stream_names


def history(company_of: Callable[[Config], Company]) -> Company:
    """Two days of loads long ago and one of today, built one by one."""
    company = company_of(CONFIG)
    for day in (FIRST, SECOND, None):
        company.load()
        if day is not None:
            redate(company, day)
        company.dbt("run", "--quiet", "--select", "tag:smartpizza")
        company.api.advance(days=2)
    return company


def redate(company: Company, day: date) -> None:
    """Makes the loads of today loads of `day`."""
    for stream in STREAMS:
        table = f"smartpizza__{stream}"
        company.execute("select ops.ensure_partition(%s, %s)", table, day, role="maintainer")
        company.execute(f"update raw.{table} set loaded_on = %s where loaded_on > '2026-06-01'", day)
    company.execute("update ops.loads set loaded_on = %s where loaded_on > '2026-06-01'", day)


def test_replayed_days_differ_from_a_full_refresh_from_raw(company_of: Callable[[Config], Company]) -> None:
    """Under the same rules nothing changes; a rule that moves a day's orders leaves none where they were."""
    company = history(company_of)
    company.snapshot()
    written = written_rows(company)
    company.build("--vars", REPLAY)
    assert company.differences() == {}
    assert written_rows(company) == written, "a replay writes what is the same"

    move_orders_of_the_first_day(company)
    company.dbt("run", "--quiet", "--select", "tag:smartpizza", "--vars", REPLAY)
    assert {"fct_orders", "fct_branch_daily_sales", "fct_inventory_daily"} <= company.differences().keys()
    company.snapshot()
    bases = base_rows(company)
    company.dbt("run", "--quiet", "--full-refresh", "--select", "tag:smartpizza")
    assert base_rows(company) == bases
    assert company.differences() == {}, "marts differ from their full refresh from raw"


def test_what_is_not_replayed_at_first_is_never_caught_up(company_of: Callable[[Config], Company]) -> None:
    """Marts that a replay left out are made anew by the next ordinary build; new loads come with it."""
    company = history(company_of)
    company.load()
    move_orders_of_the_first_day(company)
    company.dbt("run", "--quiet", "--select", "base_smartpizza__orders", "fct_orders", "--vars", REPLAY)
    company.dbt("run", "--quiet", "--select", "tag:smartpizza")
    company.snapshot()
    company.dbt("run", "--quiet", "--full-refresh", "--select", "tag:smartpizza")
    assert company.differences() == {}


def test_days_that_are_no_dates_are_replayed(company_of: Callable[[Config], Company]) -> None:
    company = company_of(CONFIG)
    company.load()
    company.build()
    done = company.dbt(
        "run", "--select", "base_smartpizza__orders", "--vars", "{replay_from: 3}", check=False
    )
    assert done.returncode == 1
    assert "is no date such as 2026-03-01" in done.stdout


def test_invariant_4_base_starts_over_while_days_of_raw_are_away(
    company_of: Callable[[Config], Company],
) -> None:
    """Refused naming the days, for all that reads base; ordinary builds go on; all is well after the restore."""
    company = history(company_of)
    config = ("--config", str(archive_config(company.folder)))
    company.snapshot()
    done = company.extract("archive", "smartpizza", *config, role="maintainer")
    assert f"smartpizza.orders {FIRST}: archived" in done.stdout
    assert company.scalar("select count(*) from raw.smartpizza__orders where loaded_on = %s", FIRST) == 0

    refused = company.build("--full-refresh", check=False)
    assert refused.returncode == 1
    told = " ".join(refused.stdout.split())
    assert (
        "base_smartpizza__orders would have to take days of smartpizza.orders that are away in the archive: "
        "2026-03-01, 2026-03-02. Bring them back first: extract restore smartpizza --stream orders "
        "--day 2026-03-01 --to 2026-03-02" in told
    )
    refused = company.build("--vars", REPLAY, check=False)
    assert refused.returncode == 1
    assert "2026-03-01. Bring them back first" in " ".join(refused.stdout.split())
    assert company.differences() == {}
    company.load()
    company.build()
    company.build("--full-refresh", "--exclude", BASE)

    company.snapshot()
    days = ("--day", str(FIRST), "--to", str(SECOND))
    company.extract("restore", "smartpizza", *days, *config, role="maintainer")
    company.build("--full-refresh")
    assert company.differences() == {}


def test_a_day_leaves_between_the_look_and_the_read(company_of: Callable[[Config], Company]) -> None:
    """The build's lock lasts from where it looks which days are away until it commits."""
    company = company_of(CONFIG)
    company.load()
    company.build()
    edit_base_orders(company, "from source", "from source where (select pg_sleep(4)) is not null")
    build = threading.Thread(
        target=company.dbt, args=("run", "--full-refresh", "--select", "base_smartpizza__orders")
    )
    build.start()
    try:
        held = None
        while build.is_alive() and held is None:
            held = next(iter(company.query(LOCK_OF_A_SLOW_QUERY)), None)
            time.sleep(0.05)
    finally:
        build.join()
    assert held == (True,)


LOCK_OF_A_SLOW_QUERY = """
    select exists (
        select 1 from pg_locks
        where locktype = 'advisory' and objid = 4711003 and mode = 'ShareLock' and granted and pid = activity.pid
    )
    from pg_stat_activity as activity
    where wait_event = 'PgSleep'
"""


def written_rows(company: Company) -> list[tuple[object, ...]]:
    """Which version of each row of a fact stands on the disk."""
    return company.query("select order_id, xmin::text, ctid::text from marts.fct_orders order by order_id")


def base_rows(company: Company) -> list[tuple[object, ...]]:
    return company.query("select * from base.base_smartpizza__orders order by load_order, load_position")


def move_orders_of_the_first_day(company: Company) -> None:
    """A new rule that only records of the first day's loads meet: their business day is the next one."""
    until = company.scalar(
        """
        select min(record ->> 'updated_at') from raw.smartpizza__orders where loaded_on > %s
        """,
        FIRST,
    )
    date_ = "((record ->> 'business_date')::date + 1)::text"
    edit_base_orders(
        company,
        "{'name': 'business_date', 'type': 'date', 'required': present}",
        "{'name': 'business_date', 'type': 'date', 'required': present, 'from': \""
        f"case when record ->> 'updated_at' < '{until}' then {date_} else record ->> 'business_date' end\"}}",
    )


def edit_base_orders(company: Company, old: str, new: str) -> None:
    path = (
        company.copy_of_project() / "dbt_project/models/staging/smartpizza/base/base_smartpizza__orders.sql"
    )
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def archive_config(folder: Path) -> Path:
    path = folder / "archive.toml"
    path.write_text(f'[archive]\nurl = "file://{folder}/archive"\n')
    return path

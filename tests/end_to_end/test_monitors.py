"""What the monitors measure and judge: nothing is missed, nothing is made up, and increments change nothing of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.monitor_ground import Ground
from benchmarks.monitor_series import Series
from benchmarks.monitors import judge
from sandbox.smartpizza import Config
from tests.end_to_end.candle_warehouse import CandleWarehouse
from tests.end_to_end.company import Company

TABLES = ("int_orders_measured", "int_orders_judged", "int_customers_measured", "int_customers_judged")
# A month of a symbol; on the 25th day six hours are missing, on the 27th all.
CANDLES = """
    insert into base.base_binance__klines (
        load_order, sweep_id, load_position, served_at, extracted_at, symbol, interval, open_at, close_at, open_price,
        high_price, low_price, close_price, volume, quote_volume, trade_count, taker_volume, taker_quote_volume,
        unused, is_closed, violations
    )
    select
        1, 1, (row_number() over ())::integer, now(), now(), symbol, '15m', open_at, open_at + interval '15 minutes',
        1, 1, 1, 1, 1, 1, 1, 1, 1, '0', true, '{}'
    from unnest(array['BTCUSDT', 'ETHUSDT']) as symbols (symbol)
    cross join generate_series(timestamptz '2026-01-01Z', '2026-01-30 23:45Z', interval '15 minutes') as opens (open_at)
    where
        symbol = 'BTCUSDT'
        or not (open_at >= '2026-01-25 06:00Z' and open_at < '2026-01-25 12:00Z' or open_at::date = '2026-01-27')
"""


@pytest.mark.timeout(1500)
def test_a_planted_defect_is_missed_or_a_clean_day_alarms(postgres_server: Any, tmp_path: Path) -> None:
    """One seed of `make bench-monitors`: 60 days with weekly seasons, each defect planted alone."""
    ground = Ground.prepare(postgres_server, "monitors_find", tmp_path)
    try:
        _, clean, found = judge(ground, Series(1, branches=20), None)
    finally:
        ground.drop()
    assert [
        name for name, alarms in found.items() if not any(name.is_found_by(alarm) for alarm in alarms)
    ] == []
    assert len(clean) <= 1, clean


@pytest.mark.timeout(900)
def test_invariant_4_measurements_and_verdicts_equal_their_full_refresh(
    company_of: Callable[[Config], Company],
) -> None:
    """Increments that touch some days, one of which is missing at first, and a day that ends later."""
    company = company_of(Config(branches=3, days=9, orders_per_day=15, seed=11))
    company.load()
    company.build()
    for hours in (5, 24, 70):
        company.api.advance(hours=hours)
        company.load()
        company.build()
    company.execute("create schema kept")
    for table in TABLES:
        company.execute(f"create table kept.{table} as table intermediate.{table}")
        assert company.scalar(f"select count(*) from kept.{table}") > 20
    company.dbt("run", "--quiet", "--full-refresh", "--select", *TABLES)
    for table in TABLES:
        one, other = f"table kept.{table}", f"table intermediate.{table}"
        assert company.query(f"({one} except {other}) union all ({other} except {one})") == [], table

    company.dbt("build", "--quiet", "--selector", "quality")
    verdicts = dict(
        company.query("select verdict, count(*) from marts.fct_monitor_verdicts group by verdict")
    )
    assert verdicts["learning"] > 50
    assert (
        company.scalar("select count(*) from marts.fct_monitor_values where monitor = 'p90'", role="reporter")
        > 5
    )


def test_an_alarm_of_the_newest_day_leaves_the_build_green_and_silent(
    company_of: Callable[[Config], Company],
) -> None:
    company = company_of(Config(branches=2, days=2, orders_per_day=10))
    company.load()
    company.build()
    company.execute(
        "update intermediate.int_orders_judged set verdict = 'error', reason = 'planted'"
        " where measured_on = (select max(measured_on) from intermediate.int_orders_judged)"
    )
    one_test = ("test", "--select", "orders_judged_monitors_are_quiet")
    warned = company.dbt(*one_test)
    assert "WARN=1" in warned.stdout
    company.execute(
        "insert into intermediate.int_orders_judged"
        " select monitor || place, column_name, slice, measured_on, value, row_count, expected, lower_bound,"
        " upper_bound, 'error', reason, load_order"
        " from intermediate.int_orders_judged, generate_series(1, 60) as place where verdict = 'error'"
    )
    assert company.dbt(*one_test, check=False).returncode == 1


def test_missing_hours_and_a_missing_day_of_one_symbol_are_not_seen(
    elt_database: Any, tmp_path: Path
) -> None:
    market = CandleWarehouse(elt_database, tmp_path)
    market.dbt("run", "--quiet", "--select", "+int_klines_judged")
    market.execute(CANDLES)
    market.dbt(
        "run",
        "--quiet",
        "--full-refresh",
        "--select",
        "fct_ohlcv",
        "int_klines_measured",
        "int_klines_judged",
    )
    alarms = market.query(
        """
        select monitor, slice, extract(day from measured_on)::integer, value
        from intermediate.int_klines_judged
        where verdict in ('warn', 'error')
        order by measured_on, monitor
        """
    )
    assert alarms == [
        ("missing_hours", "ETHUSDT", 25, 6),
        ("volume", "ETHUSDT", 25, 72),
        ("volume", "ETHUSDT", 27, 0),
    ]


def test_the_schema_of_elementary_grows_forever(elt_database: Any, tmp_path: Path) -> None:
    market = CandleWarehouse(elt_database, tmp_path)
    market.execute("create schema elementary authorization transformer")
    market.execute(
        """
        create table elementary.dbt_models (unique_id text);
        create table elementary.data_monitoring_metrics (bucket_end timestamp, detected_at text);
        create table elementary.dbt_run_results (generated_at text);
        insert into elementary.dbt_models values ('kept');
        insert into elementary.data_monitoring_metrics
            values (now() - interval '61 days', now()::text), (now() - interval '59 days', now()::text);
        insert into elementary.dbt_run_results
            select (now() - n * interval '30 days')::text from generate_series(0, 3) as n;
        """,
        role="transformer",
    )
    market.dbt("run-operation", "--quiet", "forget_elementary", "--args", "{days: 60}")
    left = market.query(
        "select (select count(*) from elementary.dbt_models),"
        " (select count(*) from elementary.data_monitoring_metrics),"
        " (select count(*) from elementary.dbt_run_results)"
    )
    assert left == [(1, 1, 2)]

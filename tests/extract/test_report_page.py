"""`extract report`: the page says what the database says, and cannot be used against who reads it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.report_page import shown
from extract.report_page.drawing import chart
from extract.report_page.page import report_page
from tests.extract.conftest import Command

EVIL = "<script>alert('x')</script>"
VOID = {"meta", "br", "rect", "path", "link", "img", "input"}


class Page(HTMLParser):
    """The figures of a page as (query, value, what is shown), and each tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.figures: list[tuple[str, str, str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self._open = tag == "span" and "data-figure" in found
        if "data-figure" in found:
            self.figures.append((found["data-figure"] or "", found["data-value"] or "", ""))

    def handle_data(self, data: str) -> None:
        if self._open:
            query, value, _ = self.figures[-1]
            self.figures[-1] = (query, value, data)
        self._open = False


@pytest.fixture
def page_of(elt_database: Any) -> Callable[..., str]:
    """The page as role reporter gets it."""

    def page(stale_after: timedelta = timedelta(hours=25), docs_url: str | None = None) -> str:
        with elt_database.connect("reporter", autocommit=True) as connection:
            return report_page(connection, stale_after, docs_url)

    return page


def test_a_figure_on_the_page_is_not_what_sql_says(elt_database: Any, page_of: Callable[..., str]) -> None:
    """Every figure, by the query that it names, asked as role reporter when the page was made."""
    fill(elt_database)
    figures = Page(page_of()).figures
    assert len(figures) > 100
    told = {query.split(" from ")[-1].split(" where ")[0] for query, _, _ in figures}
    assert {
        '"ops"."run_ledger"',
        '"ops"."pipeline_health"',
        '"ops"."data_quality_daily"',
        '"ops"."failing_tests"',
        '"ops"."open_dead_letters"',
        '"ops"."quarantine_daily"',
        '"marts"."fct_monitor_verdicts"',
        '"ops"."storage"',
    } <= {each.split(" order by ")[0] for each in told}
    with elt_database.connect("reporter", autocommit=True) as connection:
        connection.execute("set timezone = 'UTC'")
        for query, value, seen in figures:
            assert query.startswith("select ")
            row = connection.execute(query).fetchone()
            assert exact(row[0]) == value, query
            if re.fullmatch(r"[\d,]+", seen):
                assert Decimal(seen.replace(",", "")) == round(Decimal(value)), query


def exact(value: Any) -> str:
    if isinstance(value, timedelta):
        value = value.total_seconds()
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def test_figures_of_one_page_are_of_different_moments(elt_database: Any, page_of: Callable[..., str]) -> None:
    """Two sections that count the same thing agree, whatever commits between them; and the page can write nothing."""
    fill(elt_database)
    with elt_database.connect("reporter", autocommit=True) as connection:
        from extract.report_page.snapshot import snapshot_of  # noqa: PLC0415

        with snapshot_of(connection), elt_database.connect() as other:
            before = connection.execute("select count(*) from ops.run_ledger").fetchone()
            other.execute(
                "insert into ops.runs (run_id, source, command) values (gen_random_uuid(), 'shop', 'run')"
            )
            other.commit()
            assert connection.execute("select count(*) from ops.run_ledger").fetchone() == before
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                connection.execute("create table ops.written ()")


def test_a_record_or_an_error_runs_as_script_or_fetches_from_outside(
    elt_database: Any, page_of: Callable[..., str]
) -> None:
    fill(elt_database)
    text = page_of()
    assert EVIL not in text
    assert text.count("<script>") == 1, "its own"
    assert "masked" in text
    for tag, attributes in Page(text).tags:
        assert tag not in ("link", "img", "iframe", "object", "embed"), tag
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#"), attributes
    assert "url(" not in text
    assert "@import" not in text


def test_a_page_is_lost_for_a_relation_that_is_not_there_or_not_for_the_role(
    elt_database: Any, page_of: Callable[..., str]
) -> None:
    assert "not built yet: extract build quality" in page_of()
    with elt_database.connect() as admin:
        admin.execute("create table marts.fct_monitor_verdicts (monitor text)")
        admin.execute("revoke all on marts.fct_monitor_verdicts from reporter")
        admin.execute("drop view ops.quarantine_reasons, ops.quarantine_daily")
    text = page_of()
    assert "role reporter may not read marts.fct_monitor_verdicts" in text
    assert "not built yet: extract init" in text


def test_an_old_page_passes_for_a_fresh_one(page_of: Callable[..., str]) -> None:
    """It says when it was made and when it is stale, also without its script."""
    text = page_of(stale_after=timedelta(hours=2))
    (made,) = [attributes for tag, attributes in Page(text).tags if attributes.get("id") == "made"]
    assert made["data-stale-seconds"] == "7200"
    at = datetime.fromisoformat(str(made["datetime"]))
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=5)
    assert f"from {at + timedelta(hours=2):%Y-%m-%d %H:%M} on" in text
    assert 'id="stale" hidden' in text


def test_half_a_page_takes_the_place_of_a_whole_one(command: Command, tmp_path: Path) -> None:
    done = command.run("report", "--out", "site/report.html", role="reporter")
    assert (done.returncode, done.stdout) == (0, "wrote site/report.html\n")
    assert [path.name for path in (tmp_path / "site").iterdir()] == ["report.html"]
    (tmp_path / "taken").write_text("")
    done = command.run("report", "--out", "taken/report.html", role="reporter")
    assert done.returncode == 2
    assert "taken" in done.stderr


def test_a_share_that_is_not_whole_reads_as_whole() -> None:
    assert shown.percent(Decimal("0.9999")) == "99.9 %"
    assert shown.percent(Decimal("0.00001")) == "< 0.1 %"
    assert (shown.percent(1), shown.percent(0), shown.percent(0.123)) == ("100 %", "0 %", "12.3 %")


@given(
    st.lists(
        st.tuples(*[st.none() | st.floats(-1e12, 1e12)] * 3, st.booleans()),
        max_size=70,
    )
)
def test_a_chart_leaves_its_frame(days: list[Any]) -> None:
    values, lower, upper, wrong = map(list, zip(*days, strict=True)) if days else ([], [], [], [])
    drawn = chart(values, lower, upper, wrong)
    numbers = [float(word) for word in re.findall(r"-?[\d.]+(?:e[+-]?\d+)?", f"{drawn.line} {drawn.band}")]
    assert all(0 <= x <= drawn.width for x in numbers[::2])
    assert all(0 <= y <= drawn.height for y in numbers[1::2])
    assert drawn.line.count("M") + drawn.line.count("L") == sum(value is not None for value in values)


def fill(database: Any) -> None:
    """A week of runs, builds, tests, letters, quarantine and a monitor, some of it bad."""
    with database.connect() as admin:
        admin.execute(FILLED, prepare=False)
        admin.execute("update ops.runs set error = %s where status = 'failed'", [EVIL])
        admin.execute(
            "update ops.test_failures set record = jsonb_build_object('x', %s::text, 'y', 'masked')", [EVIL]
        )
        admin.execute("grant usage on schema marts to reporter")
        admin.execute("grant select on marts.fct_monitor_verdicts to reporter")


FILLED = """
insert into ops.runs (run_id, source, command, status, started_at, ended_at, exit_code, requests, bytes_received,
    peak_memory_bytes)
select gen_random_uuid(), 'smartpizza', 'run', case n % 9 when 3 then 'failed' else 'done' end,
    now() - n * interval '3 hours', now() - n * interval '3 hours' + interval '40 seconds',
    case n % 9 when 3 then 1 else 0 end, 100 + n, 1234567 * n, 90000000 + n
from generate_series(1, 60) as n;

insert into ops.sweeps (source, stream, kind, status, run_id, served, records, started_at, ended_at)
select 'smartpizza', 'orders', 'incremental', 'finished', run_id, 100, 100, started_at, ended_at from ops.runs;

insert into ops.loads (load_id, load_order, sweep_id, run_id, source, stream, loaded_on, pages, records, bytes,
    started_at, committed_at)
select sweep_id, sweep_id, sweep_id, run_id, source, stream, started_at::date, 1, 100, 5000, started_at, ended_at
from ops.sweeps;

insert into ops.stream_parts (source, stream, part)
select 'smartpizza', 'orders', '' on conflict do nothing;

insert into ops.dead_letters (load_id, sweep_id, source, stream, page, position, reason, bytes)
select load_id, sweep_id, source, stream, 1, 0, 'bad', 'bad' from ops.loads limit 1234;

insert into ops.builds (invocation_id, command, load_order, take_id, started_at, ended_at, exit_code)
select 'build-' || n, 'build smartpizza', n, n, now() - n * interval '12 hours',
    now() - n * interval '12 hours' + interval '1 minute', 0
from generate_series(1, 40) as n;

insert into ops.dbt_tests (node_id, name, dimension, source, model, owner, severity)
select 'test.elt.t' || n, 't' || n,
    (array['accuracy', 'completeness', 'consistency', 'timeliness', 'uniqueness', 'validity'])[n % 6 + 1],
    'smartpizza', 'fct_orders', 'Sales''s own', 'error'
from generate_series(1, 18) as n;

insert into ops.dbt_results (invocation_id, node_id, resource_type, status, seconds, failures, recorded_at)
select builds.invocation_id, tests.node_id, 'test',
    case when tests.name = 't7' and builds.started_at > now() - interval '3 days' then 'fail'
        when tests.name = 't8' then 'warn' else 'pass' end,
    0.1, 2, builds.started_at
from ops.builds as builds cross join ops.dbt_tests as tests;

insert into ops.test_failures (node_id, row_number, invocation_id, record)
select 'test.elt.t7', n, 'build-1', '{}' from generate_series(1, 8) as n;

insert into ops.quarantine_by_load (model, load_order, records, quarantined, reasons)
select 'base.base_smartpizza__orders', load_order, 100, load_order % 7,
    jsonb_build_object('total is no numeric', load_order % 7)
from ops.loads;

insert into ops.model_takes (invocation_id, model, stream, from_order, to_order, full_refresh)
values ('build-1', 'base.base_smartpizza__orders', 'smartpizza.orders', 0, 9, false);
insert into ops.model_inputs (model, input, take_id) values
    ('marts.fct_orders', 'base.base_smartpizza__orders', 1), ('marts.fct_branch_daily_sales', 'marts.fct_orders', 1);

drop view if exists marts.fct_monitor_verdicts;
create table marts.fct_monitor_verdicts as
select monitor, 'smartpizza' as source, 'fct_orders' as model, 'tip' as column_name,
    case slice when 0 then '' else 'branch ' || slice end as slice, current_date - back as measured_on,
    (100 + back % 7 + slice)::numeric / 3 as value, 1000::bigint as row_count, 33::numeric as expected,
    case when back < 50 then 30::numeric end as lower_bound, case when back < 50 then 37::numeric end as upper_bound,
    case when slice = 2 and back < 2 then 'error' when back >= 50 then 'learning' else 'ok' end as verdict,
    'it is more than usual' as reason, 1::bigint as load_order
from unnest(array['null_rate', 'volume']) as monitor, generate_series(0, 3) as slice, generate_series(0, 70) as back;
"""

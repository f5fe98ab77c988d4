"""Schema drift: what changes its shape is noticed, once, and what does not is left in peace."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from extract.errors import Exit
from extract.pipeline import run_source
from extract.run_record import RunResult
from extract.sources import all_sources
from sandbox.smartpizza import Config, DriftCalendar, Rates, serve
from tests.extract.conftest import Command
from tests.extract.fake_api import FakeApi, order

Change = tuple[str, str, list[str] | None, list[str] | None]
Sweep = Callable[..., RunResult]


@pytest.fixture
def sweep(extract: Callable[..., RunResult]) -> Iterator[Sweep]:
    """Loads orders that have the given fields, each call as a sweep of its own."""
    api = FakeApi()
    sweeps = iter(range(1, 20))

    def run(*shapes: dict[str, Any], times: int = 1, **options: Any) -> RunResult:
        number = next(sweeps)
        api.as_of = f"2026-03-16T{number:02}:30:00.000Z"
        changed = {"updated_at": f"2026-03-16T{number:02}:29:00.000Z"}
        made = [order(number, **changed, **shape) for shape in shapes * times]
        api.lists["/v1/orders"] = made
        result = extract(api, "orders", **options)
        assert result.exit_code == 0, result.error
        return result

    return run


def changes(database: Any, stream: str = "orders") -> list[Change]:
    """All that was recorded, the newest sweep's last."""
    with database.connect("reporter") as reporter:
        return reporter.execute(
            "select path, change, old_types, new_types from ops.schema_changes where stream = %s"
            " order by sweep_id, path",
            [stream],
        ).fetchall()


def test_the_first_sweep_of_a_stream_is_taken_for_a_change(sweep: Sweep, elt_database: Any) -> None:
    sweep({"note": "x"})
    sweep({"note": "y"})
    assert changes(elt_database) == []


def test_a_new_field_goes_unnoticed_or_is_told_twice(sweep: Sweep, elt_database: Any) -> None:
    sweep({})
    sweep({"items": [{"sku": "a"}, {"sku": None, "odd key.x": 1}]})
    sweep({"items": [{"sku": "a", "odd key.x": 1}]})
    assert changes(elt_database) == [
        ("items", "new", None, ["array"]),
        ("items[]", "new", None, ["object"]),
        ('items[]."odd key.x"', "new", None, ["number"]),
        ("items[].sku", "new", None, ["string"]),
    ]


def test_a_null_is_taken_for_a_type(sweep: Sweep, elt_database: Any) -> None:
    sweep({"note": None, "code": "x"})
    sweep({"note": "now a text", "code": None})
    sweep({"note": None, "code": "y"})
    assert changes(elt_database) == []
    with elt_database.connect("reporter") as reporter:
        known = reporter.execute(
            "select path, types, is_nullable, sweeps from ops.stream_shapes where path in ('note', 'code')"
            " order by path"
        ).fetchall()
    assert known == [("code", ["string"], True, 3), ("note", ["string"], True, 3)]


def test_a_field_of_another_type_goes_unnoticed_or_is_told_twice(sweep: Sweep, elt_database: Any) -> None:
    sweep({"total": "1.00"})
    sweep({"total": "1.00"}, {"total": {"amount": "1.00"}})
    sweep({"total": {"amount": "1.00"}})
    sweep({"total": "1.00"})
    assert changes(elt_database) == [
        ("total", "retyped", ["string"], ["object", "string"]),
        ("total.amount", "new", None, ["string"]),
    ]


def test_a_field_that_is_gone_goes_unnoticed(sweep: Sweep, elt_database: Any) -> None:
    """Only one that was always there, missing often enough, and once; it may come back."""
    sweep({"always": 1, "at_times": 1}, {"always": 1}, times=60)
    sweep({}, times=60)
    assert changes(elt_database) == [], "too few to tell"
    sweep({}, times=40)
    gone = [("always", "vanished", ["number"], None)]
    assert changes(elt_database) == gone
    sweep({}, times=120)
    assert changes(elt_database) == gone
    sweep({"always": 1})
    assert changes(elt_database) == [*gone, ("always", "new", ["number"], ["number"])]


def test_what_hangs_on_a_missing_parent_is_said_to_vanish(sweep: Sweep, elt_database: Any) -> None:
    sweep({"address": {"city": "x"}}, times=120)
    sweep({"address": None}, times=120)
    assert changes(elt_database) == []


def test_keys_of_a_map_flood_the_changes(sweep: Sweep, elt_database: Any) -> None:
    """A slowly growing map too: keys known and new are counted together; what is under them stays known."""
    sweep({"stock": {f"sku-{n}": {"left": 1} for n in range(60)}})
    sweep({"stock": {f"sku-{n}": {"left": 1} for n in range(60, 120)}})
    assert changes(elt_database) == [
        ("stock.{}", "new", None, ["object"]),
        ("stock.{}.left", "new", None, ["number"]),
    ]
    sweep({"stock": {f"other {n}": {"left": 1} for n in range(9)}})
    assert len(changes(elt_database)) == 2
    sweep({"stock": {"another": {"left": "none"}}})
    assert changes(elt_database)[2:] == [("stock.{}.left", "retyped", ["number"], ["string"])]
    with elt_database.connect("admin") as admin:
        assert admin.execute("select count(*) from ops.stream_shapes where path like '%sku%'").fetchone() == (
            0,
        )


def test_a_retype_that_a_stream_forbids_passes(pool: Any, make_settings: Any, elt_database: Any) -> None:
    """The run fails with the path and both types; its data stay, and the next run is well."""
    source = all_sources()["smartpizza"]
    strict = dataclasses.replace(source.stream("orders"), retype="fail")
    source = dataclasses.replace(source, streams=(strict, source.stream("branches")), erasures=None)
    api = FakeApi(orders=[order(1, total="1.00")], branches=[{"branch_id": 1}])

    def run() -> RunResult:
        return run_source(pool, make_settings(), source, source.streams, transport=api)

    assert run().exit_code == 0
    api.as_of = "2026-03-16T13:00:00.000Z"
    api.lists["/v1/orders"] = [order(2, minute=150, total=1)]
    failed = run()
    assert failed.exit_code == Exit.FAILED
    assert "smartpizza.orders: total retyped from string to number" in str(failed.error)
    assert [swept.error is None for swept in failed.streams] == [False, True], "other streams go on"
    with elt_database.connect("admin") as admin:
        assert admin.execute("select count(*) from raw.smartpizza__orders").fetchone() == (2,)
        assert admin.execute("select distinct status from ops.sweeps").fetchall() == [("finished",)]
    assert run().exit_code == 0


def test_a_big_sweep_is_sampled_out_of_a_corner(
    sweep: Sweep, elt_database: Any, make_settings: Callable[..., Any]
) -> None:
    """Of 4,000 records in many blocks, behind another load's, 400 are read: a field of the middle is found."""
    settings = make_settings(page_size=1000, load={"max_rows": 1000})
    settings = settings.model_copy(
        update={"drift": settings.drift.model_copy(update={"sample_records": 400})}
    )
    pad = {"pad": "p" * 200}
    sweep(pad, times=2000, settings=settings)
    sweep(*[pad] * 2000, *[pad | {"middle": 1}] * 1000, *[pad] * 1000, settings=settings)
    assert changes(elt_database) == [("middle", "new", None, ["number"])]
    with elt_database.connect("admin") as admin:
        sampled = admin.execute(
            "select cardinality(ops.sample_records(2, 'smartpizza__orders', 400)),"
            " (select count(*) from unnest(ops.sample_records(2, 'smartpizza__orders', 400)) as r where r ? 'middle')"
        ).fetchone()
    assert sampled[0] == 400
    assert 50 < sampled[1] < 150


def test_rows_in_old_holes_are_not_sampled(sweep: Sweep, elt_database: Any) -> None:
    """Postgres fills what a killed load left before it appends: then the sweep's rows are not at the end."""
    sweep({"pad": "p" * 900}, times=200)
    with elt_database.connect("admin", autocommit=True) as admin:
        admin.execute("delete from raw.smartpizza__orders where ctid < '(15,0)'")
        admin.execute("vacuum raw.smartpizza__orders")
    sweep({"hole": 1}, times=20)
    assert ("hole", "new", None, ["number"]) in changes(elt_database)


def test_the_extractor_reads_raw_by_the_way(elt_database: Any, sweep: Sweep) -> None:
    sweep({})
    with elt_database.connect("extractor", autocommit=True) as extractor:
        for forbidden in (
            "select ops.sample_records(1, 'smartpizza__orders', 10)",
            "insert into ops.schema_changes (source) values ('x')",
        ):
            with pytest.raises(Exception, match="permission denied"):
                extractor.execute(forbidden)
        run = extractor.execute("select run_id from ops.runs").fetchone()[0]
        with pytest.raises(Exception, match="raw has no table"):
            extractor.execute("select ops.note_shape(%s, 1, 'runs', 10)", [run])


def test_the_drift_calendar_of_smartpizza_goes_unnoticed(
    command: Command, elt_database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar = DriftCalendar(
        loyalty_points=1, store_id=2, both_branch_keys_days=1, halves=None, null_arrays=4, money_objects=5,
        scheduled=None, quantity_strings=6, uuid_v7=None,
    )  # fmt: skip
    rates = Rates(late=0, tombstone=0, refunded=0, charged_back=0)
    noticed: list[set[tuple[str, str]]] = []
    with serve(Config(branches=2, days=1, orders_per_day=100, drift=calendar, rates=rates)) as api:
        monkeypatch.setenv("SMARTPIZZA_TOKEN", api.token)
        command.configure(f'[sources.smartpizza]\nbase_url = "{api.url}"')
        for _ in range(7):
            before = len(changes(elt_database))
            done = command.run("run", "smartpizza", "--stream", "orders")
            assert done.returncode == 0, done.stderr
            noticed.append({(path, change) for path, change, *_ in changes(elt_database)[before:]})
            api.advance(days=1)
    assert noticed[0] == set()
    assert ("loyalty_points", "new") in noticed[1]
    assert ("store_id", "new") in noticed[2]
    assert noticed[3] == {("branch_id", "vanished")}
    assert noticed[4] == set(), "a null instead of an empty list is no other type"
    assert {("total", "retyped"), ("total.amount", "new"), ("items[].unit_price", "retyped")} <= noticed[5]
    assert noticed[6] == {("items[].quantity", "retyped")}
    told = [json.loads(line) for line in done.stdout.splitlines() if '"schema_changed"' in line]
    assert told[0]["changes"] == ["items[].quantity retyped from number to string"]


def test_status_says_nothing_of_a_change(sweep: Sweep, command: Command, elt_database: Any) -> None:
    sweep({"total": "1.00"})
    sweep({"total": {"amount": "1.00"}, "[bold]": []})
    told = command.run("status", role="reporter").stdout
    assert "retyped" in told
    assert "total.amount" in told
    assert '"[bold]"' in told
    found = json.loads(command.run("status", "--json", role="reporter").stdout)["schema_changes"]
    assert {(change["path"], change["change"]) for change in found} == {
        ("total", "retyped"),
        ("total.amount", "new"),
        ('"[bold]"', "new"),
    }
    with elt_database.connect("admin") as admin:
        admin.execute("update ops.schema_changes set noticed_at = now() - interval '8 days'")
    assert "retyped" not in command.run("status", role="reporter").stdout

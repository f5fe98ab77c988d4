"""`extract audit`: each way in which the books can be wrong is named; right ones are left in peace."""

from collections.abc import Callable
from typing import Any

import pytest

from extract.run_record import RunResult
from tests.extract.conftest import Command, Done
from tests.extract.fake_api import FakeApi, answer, order

TODAY = "(select max(loaded_on) from ops.loads)"


@pytest.fixture
def loaded(extract: Callable[..., RunResult]) -> None:
    """45 orders in three loads, one of them with two dead letters; an empty list of branches; two sweeps."""
    api = FakeApi(orders=[order(number, minute=number) for number in range(45)], branches=[])
    api.lists["/v1/orders"][20:22] = [b'{"order_id":"bad","note":"\\u0000"}', b'{"order_id":null}']
    assert extract(api, "orders", "branches").exit_code == 0
    api.as_of = "2026-03-16T13:00:00.000Z"
    api.lists["/v1/orders"] = [order(99, minute=150)]
    assert extract(api, "orders").exit_code == 0


@pytest.fixture
def audit(command: Command) -> Callable[..., Done]:
    return lambda *sources: command.run("audit", *sources, role="maintainer")


def plant(database: Any, *statements: str) -> None:
    with database.connect("admin", autocommit=True) as admin:
        for statement in statements:
            admin.execute(statement)


def runs(database: Any) -> list[tuple[Any, ...]]:
    with database.connect("reporter") as reporter:
        return reporter.execute(
            "select source, status, exit_code, error from ops.run_history where command = 'audit' order by started_at"
        ).fetchall()


def test_a_clean_history_is_accused(loaded: None, audit: Callable[..., Done], elt_database: Any) -> None:
    """Dead letters, replayed ones too, are part of the books; a broken sweep is whole as far as it came."""
    plant(elt_database, "update ops.dead_letters set status = 'discarded' where position = 0")
    done = audit("smartpizza")
    assert done.returncode == 0, done.stdout
    note, summary = done.stdout.splitlines()
    assert note.startswith("note 1 dead letters of smartpizza.orders are open, the oldest since ")
    assert summary == "smartpizza: 3 sweeps, 5 loads, 44 records: the books balance"
    assert runs(elt_database) == [("smartpizza", "done", 0, None)]


def test_a_sweep_that_broke_off_is_accused(
    extract: Callable[..., RunResult], audit: Callable[..., Done]
) -> None:
    api = FakeApi(orders=[order(number, minute=number) for number in range(45)])
    api.planned = [None, None, None, *[lambda _: answer(b"<html>")] * 9]
    assert extract(api).exit_code == 1
    done = audit("smartpizza")
    note, summary = done.stdout.splitlines()
    assert note.startswith("note 1 dead letters of smartpizza.orders are open"), "the page that was no JSON"
    assert summary == "smartpizza: 1 sweeps, 3 loads, 30 records: the books balance"
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("defect", "named"),
    [
        (
            "delete from raw.smartpizza__orders where load_id = 2 and load_position = 3",
            "load 2 of {day} has 17 rows in raw.smartpizza__orders, the ledger says 18",
        ),
        (
            "insert into raw.smartpizza__orders select * from raw.smartpizza__orders where load_id = 1 limit 1",
            "load 1 of {day} has 21 rows in raw.smartpizza__orders, the ledger says 20",
        ),
        (
            "update raw.smartpizza__orders set load_position = 4 where load_id = 1 and load_position = 3",
            "load 1 of {day} has 20 rows in raw.smartpizza__orders at only 19 places, so some are doubled",
        ),
        (
            "insert into raw.smartpizza__orders (load_id, load_position, loaded_on, extracted_at, record)"
            f" values (77, 0, {TODAY}, now(), '{{}}')",
            "raw.smartpizza__orders has 1 rows of {day} that name load 77, which the ledger does not know there",
        ),
        (
            "update raw.smartpizza__orders set load_id = 4 where load_id = 1",
            "load 1 of {day} has 0 rows in raw.smartpizza__orders, the ledger says 20",
        ),
        (
            "drop table raw.smartpizza__orders_{compact}",
            "raw.smartpizza__orders has no partition for {day}, whose loads brought 44 records, and no archive has it",
        ),
        ("drop table raw.smartpizza__orders", "there is no table raw.smartpizza__orders, yet 4 loads brought it 44"),
        (
            "update ops.sweeps set served = served + 1 where sweep_id = 1",
            "sweep 1 of smartpizza.orders was served 46 records, of which it counts 43 and 2 dead letters",
        ),
        (
            "update ops.sweeps set records = records - 1, served = served - 1 where sweep_id = 1",
            "of which it counts 42 and 2 dead letters, its loads 43 and 2",
        ),
        (
            "delete from ops.dead_letters where position = 0",
            "load 2 of smartpizza.orders has 1 dead letters, the ledger says 2",
        ),
        (
            "update ops.dead_letters set load_id = 99",
            "2 dead letters of smartpizza.orders name load 99, which the ledger does not know",
        ),
        (
            "alter table ops.loads drop constraint loads_load_order_key;"
            "update ops.loads set load_order = 1 where load_id = 3",
            "loads 1, 3 share place 1 in the commit order",
        ),
        (
            "update ops.sweeps set status = 'failed' where sweep_id = 3",
            "the cursor of smartpizza.orders comes from sweep 3, which is failed",
        ),
        (
            "update ops.cursors set sweep_id = 2 where stream = 'orders'",
            "the cursor of smartpizza.orders comes from sweep 2, which is not in the ledger",
        ),
    ],
)  # fmt: skip
def test_a_defect_passes_the_audit(
    loaded: None, audit: Callable[..., Done], elt_database: Any, defect: str, named: str
) -> None:
    with elt_database.connect("admin") as admin:
        day = admin.execute(f"select {TODAY}").fetchone()[0]
    plant(elt_database, defect.replace("{compact}", f"{day:%Y%m%d}"))
    done = audit("smartpizza")
    assert done.returncode == 1
    failures = [line for line in done.stdout.splitlines() if line.startswith("FAIL ")]
    assert named.format(day=day) in "\n".join(failures)
    assert all(": " in line for line in failures)
    assert f": {len(failures)} of the books do not balance" in done.stdout
    ((source, status, code, error),) = runs(elt_database)
    assert (source, status, code) == ("smartpizza", "failed", 1)
    assert error in done.stdout


def test_an_archived_day_is_taken_for_lost_or_a_lost_one_for_archived(
    loaded: None, audit: Callable[..., Done], elt_database: Any
) -> None:
    columns = "source text, stream text, day date, status text"
    plant(
        elt_database,
        f"create table if not exists ops.archived_days ({columns})",
        "alter table ops.archived_days owner to maintainer",
    )
    with elt_database.connect("admin", autocommit=True) as admin:
        day = admin.execute(f"select {TODAY}").fetchone()[0]
        admin.execute(f"drop table raw.smartpizza__orders_{day:%Y%m%d}")
        required = admin.execute(
            """
            select column_name, data_type from information_schema.columns
            where table_schema = 'ops' and table_name = 'archived_days' and is_nullable = 'NO'
                and column_default is null and column_name not in ('source', 'stream', 'day', 'status')
            """
        ).fetchall()
        filler = {"text": "''", "bigint": "0", "ARRAY": "'{}'"}
        names = ["source", "stream", "day", "status", *(name for name, _ in required)]
        values = [f"'smartpizza', 'orders', '{day}', 'restored'", *(filler[kind] for _, kind in required)]
        admin.execute(f"insert into ops.archived_days ({', '.join(names)}) values ({', '.join(values)})")
    assert f"no partition for {day}" in audit().stdout
    plant(elt_database, "update ops.archived_days set status = 'away'")
    done = audit()
    assert done.returncode == 0
    assert "44 records, 44 of them in the archive: the books balance" in done.stdout


def test_a_run_that_died_and_was_not_gone_on_with_is_forgotten(
    loaded: None, audit: Callable[..., Done], elt_database: Any
) -> None:
    plant(
        elt_database,
        "update ops.leases set expires_at = now() - interval '2 hours'",
        "update ops.runs set status = 'running'"
        " where run_id = (select run_id from ops.leases where name like '%orders%')",
    )
    done = audit()
    assert done.returncode == 0
    assert "its lease of smartpizza/orders/ expired at" in done.stdout
    assert "smartpizza/branches/" not in done.stdout, "its run has ended"


def test_a_source_no_longer_declared_is_left_out(
    loaded: None, audit: Callable[..., Done], elt_database: Any
) -> None:
    plant(
        elt_database,
        "alter table raw.smartpizza__orders rename to gone__orders",
        *(
            f"update ops.{name} set source = 'gone'"
            for name in ("sweeps", "loads", "dead_letters", "cursors")
        ),
        "delete from raw.gone__orders where load_id = 1",
    )
    done = audit()
    assert done.returncode == 1
    assert "load 1 of " in done.stdout
    assert "has 0 rows in raw.gone__orders, the ledger says 20" in done.stdout


def test_the_extractor_audits_itself(command: Command, loaded: None) -> None:
    refused = command.run("audit")
    assert refused.returncode == 2
    assert "set PGUSER to the role that the command needs" in refused.stderr


def test_status_hides_a_failed_run_behind_an_audit(
    loaded: None, audit: Callable[..., Done], command: Command
) -> None:
    audit()
    told = command.run("status").stdout
    assert "last run of smartpizza: done" in told
    assert "last audit of smartpizza: done" in told

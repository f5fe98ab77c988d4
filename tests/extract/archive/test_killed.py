"""A day leaves raw beside all else that goes on; a run that is killed at any step is finished by the next."""

import signal
import threading
import time
from typing import Any

import psycopg
import pytest

from extract.archive import archive as archive_module
from extract.archive import leave
from extract.errors import CorruptArchiveError, ExtractError
from tests.extract.archive.conftest import OLD, Archive, Raw
from tests.extract.conftest import Command
from tests.extract.fake_api import FakeApi, order

WENT = {"smartpizza.orders 2026-03-01": "archived"}


class Killed(BaseException):
    """Ends a run where a kill would."""


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (archive_module, "record_day"),
        (archive_module, "leave"),
        (leave, "_mark_away"),
        (leave, "_finish"),
        (leave, "_detach"),
        (leave, "_drop"),
        (leave, "set_dropped"),
    ],
    ids=lambda value: value if isinstance(value, str) else "before",
)
def test_a_run_that_is_killed_loses_a_day(
    raw: Raw, orders: FakeApi, folder_archive: Archive, module: Any, name: str
) -> None:
    """At each step between the upload and the drop; the next run goes on, and leaves no leftovers."""
    before = raw.rows()

    def killed(*_: Any) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch, raw.database.connect("maintainer", autocommit=True) as lost:
        patch.setattr(module, name, killed)
        with pytest.raises(Killed):
            folder_archive.run(lost)
    folder_archive.run()
    assert raw.status() == [("orders", OLD, "away")]
    assert raw.tables() == []
    assert len(folder_archive.place.paths()) == 2, "one object and one manifest are what counts"
    folder_archive.restore()
    assert raw.rows() == before


def test_a_process_killed_while_it_detaches_blocks_the_next(
    raw: Raw, orders: FakeApi, archive_command: Command, archive: Archive
) -> None:
    """kill -9 while Postgres waits for a reader: the partition stays half detached."""
    before = raw.rows()
    with raw.database.connect("transformer") as reader:
        reader.execute("select count(*) from raw.smartpizza__orders")
        with archive_command.started("archive", "smartpizza", **raw.database.env("maintainer")) as process:
            wait_for(raw, "select 1 from pg_inherits where inhdetachpending")
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert raw.status() == [("orders", OLD, "away")]
    wait_for(
        raw,
        "select 1 where not exists (select 1 from pg_locks where locktype = 'advisory' and classid = 4711004)",
    )
    assert archive.run() == {}
    assert raw.tables() == []
    archive.restore()
    assert raw.rows() == before


def test_a_load_waits_while_a_day_leaves(
    raw: Raw, orders: FakeApi, folder_archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader keeps the day from leaving; loads and other readers go on, and the reader sees what it saw."""
    monkeypatch.setattr(leave, "_ATTEMPTS", 100)
    ended: list[Any] = []
    with raw.database.connect("transformer") as reader:
        reader.execute("set transaction isolation level repeatable read")
        assert reader.execute("select count(*) from raw.smartpizza__orders").fetchone() == (54,)
        leaving = threading.Thread(target=lambda: ended.append(folder_archive.run()))
        leaving.start()
        wait_for(raw, "select 1 from pg_inherits where inhdetachpending")
        orders.as_of = "2026-03-16T16:00:00.000Z"
        orders.lists["/v1/orders"] = [order(901, minute=300)]
        assert raw.extract(orders, "orders").exit_code == 0
        with raw.database.connect("transformer") as other:
            other.execute("set lock_timeout = '1s'")
            assert other.execute("select count(*) from raw.smartpizza__orders").fetchone() == (2,)
        assert ended == []
        assert reader.execute("select count(*) from raw.smartpizza__orders").fetchone() == (54,)
    leaving.join()
    assert ended == [WENT]


def test_a_table_in_use_loses_its_place(
    raw: Raw, orders: FakeApi, folder_archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leave, "_ATTEMPTS", 2)
    with raw.database.connect("transformer") as reader:
        reader.execute("select count(*) from raw.smartpizza__orders")
        with pytest.raises(ExtractError, match="run the command again later"):
            folder_archive.run()
    assert folder_archive.run() == {}
    assert raw.tables() == []


def test_a_day_that_changed_while_it_left_is_lost(
    raw: Raw, orders: FakeApi, folder_archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    detach = leave._detach

    def changed_before(connection: psycopg.Connection, table: str, partition: str) -> bool:
        with raw.database.connect() as admin:
            admin.execute("update raw.smartpizza__orders set served_at = now() where loaded_on = %s", [OLD])
        return detach(connection, table, partition)

    with monkeypatch.context() as patch:
        patch.setattr(leave, "_detach", changed_before)
        with pytest.raises(CorruptArchiveError, match="changed in raw while it was archived"):
            folder_archive.run()
    assert len(raw.rows()) == 54
    assert raw.status() == [("orders", OLD, "archived")]
    assert folder_archive.run() == WENT


def test_a_day_leaves_beside_a_build_of_base(
    raw: Raw, orders: FakeApi, folder_archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leave, "_ATTEMPTS", 2)
    with raw.database.connect("transformer") as build:
        build.execute("select pg_advisory_xact_lock_shared(%s)", [leave.AWAY_LOCK])
        with pytest.raises(ExtractError, match="a build of base holds raw"):
            folder_archive.run()
        assert raw.status() == [("orders", OLD, "archived")]
    assert len(raw.rows()) == 54
    assert folder_archive.run() == WENT


def wait_for(raw: Raw, query: str) -> None:
    """Until the query gives a row."""
    for _ in range(1000):
        with raw.database.connect() as admin:
            if admin.execute(query).fetchone():
                return
        time.sleep(0.02)
    raise AssertionError(f"never came true: {query}")

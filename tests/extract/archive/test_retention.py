"""Which days leave raw, and which wait."""

from datetime import UTC, datetime, timedelta

import pytest

from extract.archive.retention import old_days
from extract.erase import erase
from tests.extract.archive.conftest import OLD, SOURCE, Archive, Raw
from tests.extract.fake_api import FakeApi, order

NAME = "smartpizza.orders 2026-03-01"


@pytest.mark.parametrize(
    ("age", "keep", "goes"), [(30, None, False), (31, None, True), (3, 2, True), (2, 2, False)]
)
def test_a_young_day_leaves_raw(
    raw: Raw, folder_archive: Archive, age: int, keep: int | None, goes: bool
) -> None:
    """`keep_days` of [archive], or the source's own `raw_keep_days`."""
    day = datetime.now(UTC).date() - timedelta(days=age)
    raw.load(FakeApi(orders=[order(1)]), "orders", day=day)
    section = folder_archive.settings.sources["smartpizza"].model_copy(update={"raw_keep_days": keep})
    settings = folder_archive.settings.model_copy(update={"sources": {"smartpizza": section}})
    assert [old.day for old in old_days(folder_archive.connection, settings, SOURCE)] == [day] * goes


def test_a_day_leaves_that_base_has_not_taken(raw: Raw, folder_archive: Archive) -> None:
    raw.load(FakeApi(orders=[order(n, minute=n) for n in range(30)]), "orders", taken=False)
    assert folder_archive.run() == {NAME: "base.base_smartpizza__orders has not taken all its loads"}
    with raw.database.connect("transformer") as transformer:
        transformer.execute(
            """
            insert into ops.model_takes (invocation_id, model, stream, from_order, to_order, full_refresh)
            values ('test', 'base.base_smartpizza__orders', 'smartpizza.orders', 0, 1, false)
            """
        )
    assert folder_archive.run() == {NAME: "base.base_smartpizza__orders has not taken all its loads"}
    raw.take("orders")
    assert folder_archive.run() == {NAME: "archived"}


def test_a_day_leaves_that_a_developers_base_has_not_taken(raw: Raw, folder_archive: Archive) -> None:
    raw.load(FakeApi(orders=[order(1)]), "orders")
    with raw.database.connect() as admin:
        admin.execute("create schema dev_base; create table dev_base.base_smartpizza__orders ()")
    assert folder_archive.run() == {NAME: "dev_base.base_smartpizza__orders has not taken all its loads"}
    raw.take("orders", schema="dev_base")
    assert folder_archive.run() == {NAME: "archived"}


def test_a_day_leaves_while_a_load_is_written_to_it(raw: Raw, folder_archive: Archive) -> None:
    raw.load(FakeApi(orders=[order(1)]), "orders")
    with raw.database.connect("extractor") as load:
        load.execute(
            "insert into raw.smartpizza__orders (load_id, load_position, loaded_on, extracted_at, record)"
            " values (99, 0, %s, now(), '{}')",
            [OLD],
        )
        assert folder_archive.run() == {NAME: "a load is being written to it"}
        load.rollback()
    assert folder_archive.run() == {NAME: "archived"}


def test_an_announced_erasure_leaves_before_it_is_applied(raw: Raw, folder_archive: Archive) -> None:
    api = FakeApi()
    api.lists["/v1/customers/erasures"] = [
        {"erasure_id": "e1", "customer_id": "cus_1", "erased_at": "2026-03-16T11:00:00.000Z"}
    ]
    raw.load(api, "customer_erasures")
    name = "smartpizza.customer_erasures 2026-03-01"
    waits = "it announces 1 erasures that `extract erase smartpizza` has not applied"
    assert folder_archive.run() == {name: waits}
    erase(folder_archive.connection, SOURCE)
    assert folder_archive.run() == {name: "archived"}


def test_a_day_without_loads_stays_for_ever(raw: Raw, folder_archive: Archive) -> None:
    with raw.database.connect("maintainer") as maintainer:
        maintainer.execute("select ops.ensure_partition('smartpizza__orders', %s)", [OLD])
    assert folder_archive.run() == {NAME: "archived"}
    assert raw.tables() == []
    assert folder_archive.restore() == [NAME]
    assert raw.tables() == ["smartpizza__orders_20260301"]

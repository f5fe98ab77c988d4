"""Invariant 9 in the archive: of an erased person neither the objects nor a restored day hold more than the key."""

from typing import Any

import pytest

from extract.archive import erase as erase_module
from extract.archive.store import Store
from extract.erase import erase
from extract.errors import ConfigurationError, CorruptArchiveError
from tests.extract.archive.conftest import OLD, SOURCE, Archive, Raw
from tests.extract.fake_api import FakeApi, order

SECRETS = ("1 Secret Road", "Ada Lovelace", "ada@example.test")


class Killed(BaseException):
    """Ends a run where a kill would."""


@pytest.fixture
def away(raw: Raw, archive: Archive) -> FakeApi:
    """Customers and orders of an old day, archived, and then the erasure of one of the two persons."""
    api = FakeApi(
        customers=[
            person("cus_1", full_name="Ada Lovelace", email="ada@example.test"),
            person("cus_2", full_name="Grace Hopper", email="grace@example.test"),
        ],
        orders=[
            order(1, customer_id="cus_1", delivery_address={"street": "1 Secret Road"}),
            order(2, customer_id="cus_2", delivery_address={"street": "2 Other Road"}),
            order(3, customer_id=None, delivery_address=None, total=1.25),
        ],
        **{"customers/erasures": []},
    )
    raw.load(api, "customers", "orders")
    assert set(archive.run().values()) == {"archived"}
    assert all(secret in archive.place.text() for secret in SECRETS)
    announce(raw, api, "cus_1")
    return api


def person(name: str, **fields: Any) -> dict[str, Any]:
    return {"customer_id": name, "country": "DE", "updated_at": "2026-03-16T10:00:00.000Z"} | fields


def announce(raw: Raw, api: FakeApi, name: str) -> None:
    erased = {"erasure_id": f"e-{name}", "customer_id": name, "erased_at": "2026-03-16T11:00:00.000Z"}
    api.lists["/v1/customers/erasures"] = [erased]
    assert raw.extract(api, "customer_erasures").exit_code == 0


def test_invariant_9_an_erased_person_stays_in_the_archive(raw: Raw, archive: Archive, away: FakeApi) -> None:
    done = erase(archive.connection, SOURCE, archive.store)
    assert (done.subjects, done.raw_records, done.archived_records) == (1, 0, 2)
    text = archive.place.text()
    assert not [secret for secret in SECRETS if secret in text]
    assert "Grace Hopper" in text
    assert "2 Other Road" in text
    assert len(archive.place.paths()) == 4, "the objects that held the person are gone"
    assert {status for *_, status in raw.status()} == {"away"}
    assert raw.tables() == []

    archive.restore("customers", "orders")
    assert not [secret for secret in SECRETS if secret in str(raw.rows("customers") + raw.rows("orders"))]
    assert "cus_1" in str(raw.rows("orders"))
    assert '"total": 1.25' in str(raw.rows("orders"))


def test_a_second_erase_rewrites_the_archive_again(raw: Raw, archive: Archive, away: FakeApi) -> None:
    erase(archive.connection, SOURCE, archive.store)
    paths = archive.place.paths()
    assert erase(archive.connection, SOURCE, archive.store).archived_records == 0
    assert archive.place.paths() == paths
    ledger = archive.connection.execute("select subject, archived_records from ops.erasures order by 2")
    assert [row for row in ledger if row[1]] == [("cus_1", 1), ("cus_1", 1)]


def test_invariant_9_a_restored_day_holds_who_was_erased_meanwhile(
    raw: Raw, archive: Archive, away: FakeApi
) -> None:
    """Announced and not yet applied anywhere: the restore applies it before anybody can read the day."""
    archive.restore("customers", "orders")
    assert not [secret for secret in SECRETS if secret in str(raw.rows("customers") + raw.rows("orders"))]
    assert "Grace Hopper" in str(raw.rows("customers"))
    erase(archive.connection, SOURCE, archive.store)
    assert not [secret for secret in SECRETS if secret in archive.place.text()]


def test_an_announcement_that_is_away_is_forgotten(raw: Raw, archive: Archive, away: FakeApi) -> None:
    """The ledger of erasures stands for announcements that have left raw."""
    erase(archive.connection, SOURCE, archive.store)
    with raw.database.connect() as admin:
        admin.execute("delete from raw.smartpizza__customer_erasures")
    away.as_of = "2026-03-16T14:00:00.000Z"
    away.lists["/v1/orders"] = [
        order(9, minute=150, customer_id="cus_1", delivery_address={"street": "1 Secret Road"})
    ]
    raw.load(away, "orders")
    assert erase(archive.connection, SOURCE, archive.store).raw_records == 1
    assert "1 Secret Road" not in str(raw.rows("orders"))


@pytest.mark.parametrize("name", ["upload", "record_day", "note_erasures", "delete_leftovers"])
def test_an_erase_that_is_killed_leaves_a_person_behind(
    raw: Raw, archive: Archive, away: FakeApi, name: str
) -> None:
    """At each step; the next run finishes it, and no half of anything is left."""

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch, raw.database.connect("maintainer", autocommit=True) as lost:
        patch.setattr(erase_module, name, killed)
        with pytest.raises(Killed):
            erase(lost, SOURCE, archive.store)
    erase(archive.connection, SOURCE, archive.store)
    assert not [secret for secret in SECRETS if secret in archive.place.text()]
    assert len(archive.place.paths()) == 4
    assert raw.tables("customers") == raw.tables("orders") == []


def test_an_erase_without_the_archive_looks_done(raw: Raw, archive: Archive, away: FakeApi) -> None:
    with pytest.raises(
        ConfigurationError, match="lacks url, and archived days of smartpizza may hold erased"
    ):
        erase(archive.connection, SOURCE)


def test_a_damaged_archive_is_rewritten_as_it_is(
    raw: Raw, archive: Archive, away: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not verify is neither replaced nor deleted: the command fails and names it."""
    before = archive.place.paths()
    put = Store.put
    with monkeypatch.context() as patch:
        patch.setattr(Store, "put", lambda self, path, body: put(self, path, body[:-9] + b"x" + body[-8:]))
        with pytest.raises(CorruptArchiveError):
            erase(archive.connection, SOURCE, archive.store)
    assert set(before) <= set(archive.place.paths())
    erase(archive.connection, SOURCE, archive.store)
    assert not [secret for secret in SECRETS if secret in archive.place.text()]
    assert raw.tables("orders", OLD) == []

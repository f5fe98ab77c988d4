"""Where chaos happens: a cluster to break, the bulk API to spoil, and the real command in processes to kill."""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from extract.migrate import initialise
from sandbox.bulk import BulkConfig, RunningBulk, bad_records, record_bytes, serve_bulk
from sandbox.databases import create_database
from sandbox.postgres import Cluster, Server
from sandbox.throwaway import breakable_cluster

ROOT = Path(__file__).resolve().parents[2]
ROLES = ("extractor", "transformer", "maintainer", "reporter")
ORDERS = ("smartpizza", "--stream", "orders")
Figures = dict[str, str]


@dataclass
class Lab:
    """A database of its own in `cluster`, and the command with a folder and a config of its own."""

    cluster: Cluster
    server: Server
    database: str
    password: str
    api: RunningBulk
    folder: Path

    def configure(self, text: str = "", *, page_size: int = 1000) -> None:
        """Writes extract.toml: sections in `text`, and the API's."""
        section = f'[sources.smartpizza]\nbase_url = "{self.api.url}"\npage_size = {page_size}\n'
        (self.folder / "extract.toml").write_text(f"{text}\n{section}overlap_minutes = 0\n")

    def env(self, role: str = "extractor") -> dict[str, str]:
        """The environment of a command of ours as `role`, or as "admin"."""
        server = self.server.env(self.database)
        login = {} if role == "admin" else {"PGUSER": role, "PGPASSWORD": self.password}
        ours = {"PYTHONPATH": str(ROOT), "SMARTPIZZA_TOKEN": self.api.token}
        return {**os.environ, **server, **login, **ours, "EXTRACT_CONFIG": str(self.folder / "extract.toml")}

    def start(self, *arguments: str, role: str = "extractor", **env: str) -> "subprocess.Popen[str]":
        """`extract ...` in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "extract", *arguments],
            env=self.env(role) | env,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, check: bool = True, **options: str) -> "subprocess.CompletedProcess[str]":
        """`extract ...` to its end."""
        process = self.start(*arguments, **options)
        out, err = process.communicate(timeout=1800)
        assert not check or process.returncode == 0, f"{out[-2000:]}\n{err}"
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def start_dbt(self, *arguments: str, **env: str) -> "subprocess.Popen[str]":
        """`dbt ...` as role transformer, in a process of its own."""
        folders = {
            "DBT_PROJECT_DIR": str(ROOT / "dbt_project"),
            "DBT_PROFILES_DIR": str(ROOT / "profiles"),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }
        return subprocess.Popen(
            [str(Path(sys.executable).with_name("dbt")), *arguments, "--quiet"],
            env=self.env("transformer") | folders | env,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def dbt(self, *arguments: str, **env: str) -> None:
        """`dbt ...` to its end."""
        process = self.start_dbt(*arguments, **env)
        out, err = process.communicate(timeout=3600)
        assert process.returncode == 0, out + err

    def connect(self) -> "psycopg.Connection[Any]":
        """A superuser's connection in autocommit."""
        return psycopg.connect(self.server.conninfo(self.database), autocommit=True)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return connection.execute(query, values or None).fetchall()

    def scalar(self, query: str, *values: object) -> Any:
        return self.rows(query, *values)[0][0]

    def lost_and_doubled(self) -> tuple[int, int]:
        """Records of the API that raw lacks, and records that raw has more than once."""
        (rows, ids) = self.rows(
            "select count(*), count(distinct record ->> 'order_id') from raw.smartpizza__orders"
        )[0]
        bad = 0 if self.api.config.fixed else len(bad_records(self.api.config))
        return self.api.config.records - bad - ids, rows - ids

    def assert_books_balance(self) -> None:
        """No row without its load, no load without its rows, each record as it was served."""
        assert (
            self.rows(
                """
            select load_id, loads.records, count(record) from ops.loads
            full join raw.smartpizza__orders as raw using (load_id)
            group by 1, 2 having loads.records is distinct from count(record)
            """
            )
            == []
        )
        sample = self.rows("select record::text from raw.smartpizza__orders tablesample system (5) limit 200")
        for (text,) in sample:
            record = json.loads(text)
            assert record == json.loads(record_bytes(self.api.config, int(record["order_id"][4:])))


@contextmanager
def lab(config: BulkConfig, cluster: Cluster | None = None) -> Iterator[Lab]:
    """A lab with a new database; in a cluster of its own unless one is given."""
    if cluster is None:
        with breakable_cluster("128MB") as own, lab(config, own) as made:
            yield made
        return
    server = cluster.server()
    name = f"chaos_{secrets.token_hex(4)}"
    password = secrets.token_urlsafe(12)
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        create_database(admin, name)
    initialise(server.conninfo(name), dict.fromkeys(ROLES, password))
    with serve_bulk(config) as api, tempfile.TemporaryDirectory() as folder:
        made = Lab(cluster, server, name, password, api, Path(folder))
        made.configure()
        yield made

"""The integration project, built once against a database of its own."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sandbox.databases import create_database, drop_database
from sandbox.postgres import Server

INTEGRATION = Path(__file__).parent / "integration"


@dataclass(frozen=True)
class Build:
    """What one `dbt build` of the integration project gave."""

    results: dict[tuple[str, str], dict[str, Any]]  # by seed and case
    surrogate_keys: list[tuple[str, str]]


@pytest.fixture(scope="session")
def build(postgres_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """Seeds, models and every test of the integration project."""
    target = tmp_path_factory.mktemp("dbt")
    name = f"stand_ins_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_server.conninfo(), autocommit=True) as admin:
        create_database(admin, name)
        dbt = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--no-use-colors"]
        where = ["--project-dir", INTEGRATION, "--profiles-dir", INTEGRATION, "--target-path", target]
        done = subprocess.run(
            [*dbt, "--log-path", target, "build", *where],
            env={**os.environ, **postgres_server.env(name)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        # 1 is what failing tests give; anything worse has no results to look at.
        assert done.returncode in {0, 1}, done.stdout
        assert (target / "run_results.json").exists(), done.stdout
        with psycopg.connect(postgres_server.conninfo(name)) as connection:
            keys = "select one_field, three_fields from stand_ins.surrogate_keys order by id"
            yield Build(_results(target), connection.execute(keys).fetchall())
        drop_database(admin, name)


def _results(target: Path) -> dict[tuple[str, str], dict[str, Any]]:
    manifest = json.loads((target / "manifest.json").read_text())
    outcome = {}
    for result in json.loads((target / "run_results.json").read_text())["results"]:
        node = manifest["nodes"][result["unique_id"]]
        if node["resource_type"] == "test":
            seed = node["attached_node"].rpartition(".")[2]
            outcome[seed, node["config"]["meta"]["case"]] = result
    return outcome

"""The README's drill: a backup, a new server, and a pipeline that goes on as if nothing had happened."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.binaries import installed
from sandbox.smartpizza import Config
from sandbox.throwaway import throwaway_cluster
from tests.conftest import EltDatabase
from tests.end_to_end.company import Company
from tests.end_to_end.warehouse import run

pytestmark = pytest.mark.timeout(600)
CONFIG = Config(branches=3, days=2, orders_per_day=15, seed=23)


def test_a_pipeline_brought_back_from_its_backup_loses_or_doubles_what_came_since(
    company_of: Callable[[Config], Company], tmp_path: Path
) -> None:
    company = company_of(CONFIG)
    company.load()
    company.build()
    back_up(tmp_path, company.database.env())
    # What the disaster takes: a run and its build.
    company.api.advance(days=1)
    company.load()
    company.build()

    with throwaway_cluster() as server:
        admin = server.env("elt")
        restore(tmp_path, admin)
        database = EltDatabase("elt", server, company.database.passwords)
        passwords = {f"{role.upper()}_PASSWORD": word for role, word in database.passwords.items()}
        folder = tmp_path / "restored"
        folder.mkdir()
        restored = Company(company.api, database, folder)
        run(restored.command("init"), {**os.environ, **admin, **passwords}, check=True)
        restored.extract("audit", role="maintainer")
        restored.load()
        restored.build()
        for mart in company.marts:
            assert facts(restored, mart) == facts(company, mart), f"{mart} is not what it was"


def back_up(folder: Path, admin: dict[str, str]) -> None:
    program("pg_dumpall", admin, "--roles-only", "--no-role-passwords", "--file", f"{folder}/roles.sql")
    program("pg_dump", admin, "--format", "custom", "--file", f"{folder}/elt.dump")


def restore(folder: Path, admin: dict[str, str]) -> None:
    # It names the administrator too, who is there already.
    program("psql", admin, "--quiet", "--dbname", "postgres", "--file", f"{folder}/roles.sql")
    program("createdb", admin, "elt")
    program("pg_restore", admin, "--exit-on-error", "--dbname", "elt", f"{folder}/elt.dump")


def program(name: str, env: dict[str, str], *arguments: str) -> None:
    run([installed().program(name), *arguments], {**os.environ, **env}, check=True)


def facts(company: Company, mart: str) -> list[tuple[Any, ...]]:
    """The mart's rows without their place in the order of commits, which side by side streams share as they come."""
    return company.query(
        f"select fact::text from (select to_jsonb(mart) - 'load_order' from marts.{mart} as mart) as rows (fact)"
        " order by 1"
    )

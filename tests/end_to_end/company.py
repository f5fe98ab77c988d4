"""A whole SmartPizza for a test: the API over HTTP, a database, the two commands that users run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.smartpizza import RunningApi

Done = subprocess.CompletedProcess[str]
ROOT = Path(__file__).resolve().parents[2]
MARTS = (
    "dim_branches",
    "dim_customers",
    "dim_ingredients",
    "dim_recipes",
    "fct_branch_daily_sales",
    "fct_deliveries",
    "fct_inventory_daily",
    "fct_order_items",
    "fct_orders",
    "fct_payments",
)


@dataclass
class Company:
    """`database` is the fixture elt_database, `folder` a temporary folder of the test."""

    api: RunningApi
    database: Any
    folder: Path
    project: Path = ROOT / "dbt_project"

    def extract(self, *arguments: str, role: str = "extractor", check: bool = True) -> Done:
        """`extract ...` in a process of its own."""
        config = self.folder / "extract.toml"
        config.write_text(
            f'[sources.smartpizza]\nbase_url = "{self.api.url}"\n[load]\nmax_rows = 700\n'
            "[http]\nbackoff_seconds = 0.01\nattempts = 10\n"
        )
        env = self.environment(role) | {"EXTRACT_CONFIG": str(config), "SMARTPIZZA_TOKEN": self.api.token}
        return run([sys.executable, "-m", "extract", *arguments], env, check)

    def dbt(self, *arguments: str, check: bool = True) -> Done:
        """`dbt ...` as role transformer, with artifacts in the test's folder."""
        return run([str(Path(sys.executable).with_name("dbt")), *arguments], self.dbt_environment(), check)

    def dbt_environment(self) -> dict[str, str]:
        """The environment of `dbt` and of `extract build`."""
        return self.environment("transformer") | {
            "DBT_PROJECT_DIR": str(self.project),
            "DBT_PROFILES_DIR": str(ROOT / "profiles"),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DBT_THREADS": "2",
            "NO_COLOR": "1",
        }

    def load(self) -> None:
        """`extract run smartpizza`, all streams."""
        self.extract("run", "smartpizza")

    def build(self, *arguments: str, check: bool = True) -> Done:
        """`dbt build` of the pipeline's selector, or of what it selects less what `--exclude` names.

        dbt passes over --select and --exclude in silence where there is a --selector.
        """
        if "--select" in arguments or "-s" in arguments:
            raise ValueError("build takes no --select: use dbt('build', '--select', ...)")
        chosen = ["--select", "tag:smartpizza", "--exclude", "tag:nightly", "resource_type:unit_test"]
        if "--exclude" not in arguments:
            chosen = ["--selector", "smartpizza"]
        return self.dbt("build", "--quiet", *chosen, *arguments, check=check)

    def environment(self, role: str) -> dict[str, str]:
        return {**os.environ, **self.database.env(role)}

    def query(self, sql: str, *parameters: object, role: str = "admin") -> list[tuple[Any, ...]]:
        """Rows of a query in a transaction of its own."""
        with self.database.connect(role) as connection:
            return connection.execute(sql, parameters or None).fetchall()

    def execute(self, sql: str, *parameters: object, role: str = "admin") -> None:
        with self.database.connect(role) as connection:
            connection.execute(sql, parameters or None)

    def scalar(self, sql: str, *parameters: object, role: str = "admin") -> Any:
        return self.query(sql, *parameters, role=role)[0][0]

    def snapshot(self, marts: Sequence[str] = MARTS, schema: str = "marts_before") -> None:
        """Copies the marts aside."""
        self.execute(f"drop schema if exists {schema} cascade; create schema {schema}")
        for mart in marts:
            self.execute(f"create table {schema}.{mart} as table marts.{mart}")

    def differences(self, marts: Sequence[str] = MARTS, schema: str = "marts_before") -> dict[str, int]:
        """Rows by mart that stand on one side only, compared with the copies, doubles counted."""
        found = {}
        for mart in marts:
            one, other = f"table {schema}.{mart}", f"table marts.{mart}"
            found[mart] = self.scalar(
                f"select (select count(*) from ({one} except all {other}) as gone)"
                f" + (select count(*) from ({other} except all {one}) as come)"
            )
        return {mart: rows for mart, rows in found.items() if rows}

    def copy_of_project(self) -> Path:
        """The dbt project and its macros in the test's folder, to be changed there."""
        for name in ("dbt_project", "macros", "profiles", "tests/dbt"):
            ignore = shutil.ignore_patterns("target", "logs")
            shutil.copytree(ROOT / name, self.folder / "copy" / name, ignore=ignore, dirs_exist_ok=True)
        self.project = self.folder / "copy" / "dbt_project"
        return self.folder / "copy"


def run(command: list[str], env: dict[str, str], check: bool) -> Done:
    """Runs a command; one that fails unasked shows what it printed."""
    done = subprocess.run(
        command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False
    )
    if check and done.returncode != 0:
        told = f"{done.stdout}\n{done.stderr}"
        raise AssertionError(f"{' '.join(command[1:])} ended with {done.returncode}\n{told}")
    return done

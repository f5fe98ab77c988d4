"""A database for a test, and dbt on it: the part of a pipeline's test that knows no API."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tests import preloaded

Done = subprocess.CompletedProcess[str]
ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 280


@dataclass
class Warehouse:
    """`database` is the fixture elt_database, `folder` a temporary folder of the test.

    `pipeline` names dbt's selector and tag, `marts` the tables in marts that it makes.
    """

    database: Any
    folder: Path
    project: Path = ROOT / "dbt_project"

    pipeline: ClassVar[str]
    marts: ClassVar[Sequence[str]]

    def dbt(self, *arguments: str, check: bool = True) -> Done:
        """`dbt ...` as role transformer, with artifacts in the test's folder."""
        done = preloaded.dbt([*arguments], self.dbt_environment(), ROOT, _SECONDS)
        _assert_done(done, check)
        if not self._parsed.exists() and (parsed := self._target / self._parsed.name).exists():
            shutil.copy(parsed, self._parsed)
        return done

    def dbt_environment(self) -> dict[str, str]:
        """The environment of `dbt` and of `extract build`; dbt parses only what differs from an earlier test."""
        if self._parsed.exists() and not self._target.exists():
            self._target.mkdir()
            shutil.copy(self._parsed, self._target)
        return self.environment("transformer") | {
            "DBT_PROJECT_DIR": str(self.project),
            "DBT_PROFILES_DIR": str(ROOT / "profiles"),
            "DBT_TARGET_PATH": str(self._target),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DBT_THREADS": "2",
            "NO_COLOR": "1",
        }

    @property
    def _target(self) -> Path:
        return self.folder / "target"

    @property
    def _parsed(self) -> Path:
        """What dbt made of the project, kept for the next tests of the worker: they have one folder above theirs."""
        return self.folder.parent / "partial_parse.msgpack"

    def build(self, *arguments: str, check: bool = True) -> Done:
        """`dbt build` of the pipeline's selector, or of what it selects less what `--exclude` names.

        dbt passes over --select and --exclude in silence where there is a --selector.
        """
        if "--select" in arguments or "-s" in arguments:
            raise ValueError("build takes no --select: use dbt('build', '--select', ...)")
        chosen = ["--select", f"tag:{self.pipeline}", "--exclude", "tag:nightly", "resource_type:unit_test"]
        if "--exclude" not in arguments:
            chosen = ["--selector", self.pipeline]
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

    def snapshot(self, marts: Sequence[str] = (), schema: str = "marts_before") -> None:
        """Copies the marts aside, all of the pipeline's where none is named."""
        self.execute(f"drop schema if exists {schema} cascade; create schema {schema}")
        for mart in marts or self.marts:
            self.execute(f"create table {schema}.{mart} as table marts.{mart}")

    def differences(self, marts: Sequence[str] = (), schema: str = "marts_before") -> dict[str, int]:
        """Rows by mart that stand on one side only, compared with the copies, doubles counted."""
        found = {}
        for mart in marts or self.marts:
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
        command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    _assert_done(done, check)
    return done


def _assert_done(done: Done, check: bool) -> None:
    if check and done.returncode != 0:
        told = f"{done.stdout}\n{done.stderr}"
        raise AssertionError(f"{' '.join(done.args[1:])} ended with {done.returncode}\n{told}")

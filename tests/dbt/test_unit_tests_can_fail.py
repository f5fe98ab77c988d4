"""A unit test that passes whatever the model says proves nothing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.dbt.breakages import BREAKAGES

ROOT = Path(__file__).resolve().parents[2]
BREAK_IT = "every unit test has a line in tests/dbt/breakages.py that breaks what it is about"


@pytest.mark.timeout(600)
def test_a_unit_test_passes_though_its_model_is_broken(elt_database: Any, tmp_path: Path) -> None:
    """All pass on the project as it is; all fail, none by an error, on a copy with the logic behind each broken."""
    for folder in ("dbt_project", "macros", "profiles"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("target", "logs"))
    env = elt_database.env("transformer")

    kinds = ("--resource-type", "seed", "--resource-type", "model", "--resource-type", "unit_test")
    statuses = dbt(tmp_path, env, "build", "--quiet", *kinds)
    assert {name for name, status in statuses.items() if status != "pass"} == set()

    for file, says, then in BREAKAGES:
        path = tmp_path / file
        sql = path.read_text()
        assert says in sql, f"tests/dbt/breakages.py: {file} no longer says {says!r}; {BREAK_IT}"
        path.write_text(sql.replace(says, then))

    broken = dbt(tmp_path, env, "test", "--quiet", "--select", "test_type:unit")
    assert set(broken) == set(statuses)
    assert {name for name, status in broken.items() if status != "fail"} == set(), BREAK_IT


def dbt(folder: Path, libpq: dict[str, str], *arguments: str) -> dict[str, str]:
    """Runs dbt on the copy in `folder`. Out: pass, fail or error for each unit test."""
    env = os.environ | libpq
    env |= {"DBT_PROJECT_DIR": str(folder / "dbt_project"), "DBT_PROFILES_DIR": str(folder / "profiles")}
    env |= {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs"), "NO_COLOR": "1"}
    command = [str(Path(sys.executable).with_name("dbt")), *arguments]
    done = subprocess.run(
        command, env=env, cwd=folder, capture_output=True, text=True, timeout=280, check=False
    )
    results_file = folder / "target" / "run_results.json"
    assert results_file.exists(), f"{done.stdout}\n{done.stderr}"
    results = json.loads(results_file.read_text())
    assert results["args"]["which"] == arguments[0], f"{done.stdout}\n{done.stderr}"
    return {
        result["unique_id"]: result["status"]
        for result in results["results"]
        if result["unique_id"].startswith("unit_test.")
    }

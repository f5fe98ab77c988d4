"""A dbt project of a few models, with this project's own hooks, macros and flags."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def make_project(folder: Path, files: Mapping[str, str]) -> dict[str, str]:
    """Writes a project whose models are `files` (name -> content); gives the environment that names it."""
    shutil.copytree(ROOT / "macros", folder / "macros")
    project = folder / "dbt_project"
    models = project / "models" / "intermediate"
    models.mkdir(parents=True)
    settings = yaml.safe_load((ROOT / "dbt_project" / "dbt_project.yml").read_text())
    settings["test-paths"] = ["tests"]
    ours = settings["models"]["elt"]
    for layer in ("staging", "quarantine", "marts"):
        del ours[layer]
    del settings["models"]["elementary"]
    settings.pop("seeds", None)
    ours["intermediate"] = {key: value for key, value in ours["intermediate"].items() if key.startswith("+")}
    (project / "dbt_project.yml").write_text(yaml.safe_dump(settings))
    (project / "selectors.yml").write_text(
        "selectors: [{name: all, definition: 'path:models'}, {name: none, definition: 'tag:nothing'}]"
    )
    shutil.copy(ROOT / "dbt_project" / "models" / "groups.yml", project / "models")
    for name, content in files.items():
        (models / name).write_text(content)
    return {
        "DBT_PROJECT_DIR": str(project),
        "DBT_PROFILES_DIR": str(ROOT / "profiles"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_THREADS": "2",
    }

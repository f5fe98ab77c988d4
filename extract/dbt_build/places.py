"""Where the dbt project lies, and where dbt may write."""

import os
from dataclasses import dataclass
from pathlib import Path

from extract.errors import ConfigurationError

_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Places:
    """Folders; `logs` is None where nobody asked for a log file."""

    project: Path
    profiles: Path
    target: Path
    logs: Path | None


def find_places() -> Places:
    """Where DBT_PROJECT_DIR, DBT_PROFILES_DIR, DBT_TARGET_PATH and DBT_LOG_PATH say, else as in a checkout.

    Raises ConfigurationError where there is no project or no profile, or dbt could not write.
    """
    project = _named("DBT_PROJECT_DIR") or _project_nearby()
    profiles = _named("DBT_PROFILES_DIR") or project.parent / "profiles"
    for name, file in (
        ("DBT_PROJECT_DIR", project / "dbt_project.yml"),
        ("DBT_PROFILES_DIR", profiles / "profiles.yml"),
    ):
        if not file.is_file():
            raise ConfigurationError(f"{file} does not exist: set {name}")
    target = _named("DBT_TARGET_PATH") or project / "target"
    logs = _named("DBT_LOG_PATH")
    _assert_writable("DBT_TARGET_PATH", target)
    if logs is not None:
        _assert_writable("DBT_LOG_PATH", logs)
    return Places(project, profiles, target, logs)


def _named(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value).absolute() if value else None


def _project_nearby() -> Path:
    here = Path.cwd()
    for folder in (here, here / "dbt_project", _CHECKOUT / "dbt_project"):
        if (folder / "dbt_project.yml").is_file():
            return folder
    raise ConfigurationError(f"there is no dbt_project.yml in {here}: set DBT_PROJECT_DIR")


def _assert_writable(variable: str, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_writable = os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        is_writable = False
    if not is_writable:
        raise ConfigurationError(f"dbt cannot write into {folder}: set {variable} to a folder where it can")

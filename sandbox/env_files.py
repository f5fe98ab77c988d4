"""The sandbox's environment files: lines that a POSIX shell can source, one file a role."""

import re
import shlex
from pathlib import Path

from sandbox.files import write_changed
from sandbox.postgres import Server
from sandbox.state import DATABASE, ROLES, State, project_root

_READS_API = ("reporter", "extractor")
_BASE_URL = re.compile(r"(^\[sources\.smartpizza\]\n(?:[^\[].*\n)*?base_url = ).*", re.MULTILINE)
_ARCHIVE = re.compile(r"(^\[archive\]\n(?:#.*\n)*?)# url = .*", re.MULTILINE)


def write_env_files(state: State, server: Server, api_url: str | None) -> None:
    """Writes the files of all roles and the extract.toml they name; `api_url` None leaves the API out."""
    secrets = state.secrets()
    common = {
        "EXTRACT_CONFIG": str(state.extract_toml),
        "DBT_PROFILES_DIR": str(project_root() / "profiles"),
        "DBT_PROJECT_DIR": str(project_root() / "dbt_project"),
    }
    if api_url is not None:
        common["SMARTPIZZA_URL"] = api_url
    admin = server.env(DATABASE)
    role_passwords = {f"{role.upper()}_PASSWORD": secrets.passwords[role] for role in ROLES}
    _write(state.env_file("admin"), admin | common | role_passwords)
    for role in ROLES:
        login = {"PGUSER": role, "PGPASSWORD": secrets.passwords[role]}
        token = {"SMARTPIZZA_TOKEN": secrets.token} if api_url is not None and role in _READS_API else {}
        _write(state.env_file(role), admin | login | common | token)
    write_changed(state.extract_toml, _extract_toml(state, api_url))


def read_env_file(path: Path) -> dict[str, str]:
    """The variables that sourcing `path` would set.

    Raises FileNotFoundError, and ValueError for lines of another form.
    """
    variables = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        name, equals, value = words[-1].partition("=")
        if len(words) != 2 or words[0] != "export" or not equals:
            raise ValueError(f"{path}: expected lines export NAME='value', found {line!r}")
        variables[name] = value
    return variables


def _write(path: Path, variables: dict[str, str]) -> None:
    lines = (f"export {name}={_quoted(value)}" for name, value in variables.items())
    write_changed(path, "\n".join(lines) + "\n")


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "'\"'\"'") + "'"


def _extract_toml(state: State, api_url: str | None) -> str:
    """The project's extract.toml with the sandbox's API, and its folder for the archive unless one is named."""
    text = (project_root() / "extract.toml").read_text(encoding="utf-8")
    archive = (state.folder / "archive").as_uri()
    if api_url is not None:
        text = _BASE_URL.sub(lambda found: f'{found[1]}"{api_url}"', text)
    text = _ARCHIVE.sub(lambda found: f'{found[1]}url = "{archive}"', text)
    return f"# Written by `sandbox up` from the project's extract.toml: edit that one.\n{text}"

"""The sandbox's environment files: lines that a POSIX shell can source, one file a role."""

import re
import shlex
from pathlib import Path

from sandbox.api_process import url_of
from sandbox.apis import APIS
from sandbox.files import write_changed
from sandbox.postgres import Server
from sandbox.state import DATABASE, ROLES, State, project_root

_READS_API = ("reporter", "extractor")
_ARCHIVE = re.compile(r"(^\[archive\]\n(?:#.*\n)*?)# url = .*", re.MULTILINE)


def write_env_files(state: State, server: Server) -> None:
    """Writes the files of all roles and the extract.toml they name; an API that was never started is left out."""
    secrets = state.secrets()
    ports = {api: known[1] for api in APIS if (known := state.api(api.name))}
    common = {
        "EXTRACT_CONFIG": str(state.extract_toml),
        "DBT_PROFILES_DIR": str(project_root() / "profiles"),
        "DBT_PROJECT_DIR": str(project_root() / "dbt_project"),
    }
    common |= {f"{api.name.upper()}_URL": url_of(port) for api, port in ports.items()}
    admin = server.env(DATABASE)
    role_passwords = {f"{role.upper()}_PASSWORD": secrets.passwords[role] for role in ROLES}
    _write(state.env_file("admin"), admin | common | role_passwords)
    for role in ROLES:
        login = {"PGUSER": role, "PGPASSWORD": secrets.passwords[role]}
        tokens = {name: value for api in ports for name, value in api.variables(secrets).items()}
        _write(state.env_file(role), admin | login | common | (tokens if role in _READS_API else {}))
    text = (project_root() / "extract.toml").read_text(encoding="utf-8")
    write_changed(state.extract_toml, sandbox_toml(text, state))


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


def sandbox_toml(text: str, state: State) -> str:
    """An extract.toml with the sandbox's APIs, and its folder for the archive unless one is named.

    Only what `text` has, be it commented out, is changed: a section or a key that is not there stays away.
    """
    for api in APIS:
        if known := state.api(api.name):
            options, port = known
            for key, value in ({"base_url": f'"{url_of(port)}"'} | api.settings(options)).items():
                text = _with(text, f"sources.{api.name}", key, value)
    archive = (state.folder / "archive").as_uri()
    text = _ARCHIVE.sub(lambda found: f'{found[1]}url = "{archive}"', text)
    return f"# Written by `sandbox up` from the project's extract.toml: edit that one.\n{text}"


def _with(text: str, section: str, key: str, value: str) -> str:
    """The text with another value of a key in a section's own lines."""
    line = re.compile(rf"(^\[{re.escape(section)}\]\n(?:(?!\[).*\n)*?)(?:# )?{key} = .*", re.MULTILINE)
    return line.sub(lambda found: f"{found[1]}{key} = {value}", text, count=1)

"""The hub of dbt packages: whether it answers, and what it gives."""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import requests

from sandbox.errors import SandboxError

PROBE_SECONDS = 4.0
DEPS_SECONDS = 180.0


class HubError(SandboxError):
    """The hub could not be reached, or did not give what packages.yml names."""


def description_url(package: str) -> str:
    """Where the hub describes a package. The hub is dbt's own, or the environment's DBT_PACKAGE_HUB_URL."""
    from dbt.clients.registry import (  # noqa: PLC0415 - loads half of dbt, and most runs need none of it
        DEFAULT_REGISTRY_BASE_URL,
    )

    return f"{DEFAULT_REGISTRY_BASE_URL}api/v1/{package}.json"


def probe(url: str, seconds: float = PROBE_SECONDS) -> None:
    """Ask the hub for one of its pages. Raises HubError, saying why, within the seconds given."""
    reasons = [f"no answer within {seconds:g} s"]

    def ask() -> None:
        try:
            # dbt's own client, so that proxies and certificates count the same.
            status = requests.get(url, timeout=seconds).status_code
            reasons[:] = [] if status == requests.codes.ok else [f"status {status}"]
        except requests.RequestException as error:
            reasons[:] = [type(error).__name__]

    # In a thread, because looking up the hub's name obeys no timeout.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    if reasons:
        raise HubError(f"{url}: {reasons[0]}")


def fetch(folder: Path) -> None:
    """Let `dbt deps` fill folder/dbt_packages from folder/packages.yml. Raises HubError: what dbt said."""
    (folder / "dbt_project.yml").write_text("name: packages\nversion: '1.0'\n")
    dbt = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--quiet", "--no-use-colors"]
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter, our own arguments
            [*dbt, "--log-level-file", "none", "deps", "--project-dir", str(folder)],
            env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=DEPS_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise HubError(f"`dbt deps` had not finished after {DEPS_SECONDS:g} s") from error
    if done.returncode != 0:
        raise HubError(f"`dbt deps` failed: {error_of(done.stdout + done.stderr)}")


def error_of(output: str) -> str:
    """What dbt says went wrong, in one line and without its traceback."""
    said = output.partition("Encountered an error:")[2] or output
    said = re.split(r"\d\d:\d\d:\d\d\s+Traceback|^Traceback", said, maxsplit=1, flags=re.MULTILINE)[0]
    return " ".join(said.split())[:300] or "it said nothing"

"""`dbt ...` in a process that has imported dbt before: three of the seconds that each of some hundred calls would take.

A clean process with dbt in it forks for each command, which then runs as by its console script, with arguments,
environment and output of its own. Tests of signals and of how a process starts start a real one.
"""

import os
import subprocess
import sys
import tempfile
from multiprocessing import get_context
from pathlib import Path

from dbt.cli.main import cli

_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


def dbt(
    arguments: list[str], env: dict[str, str], cwd: Path, seconds: float
) -> subprocess.CompletedProcess[str]:
    """What `dbt` made of the arguments. Raises subprocess.TimeoutExpired, when it is ended."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        child = _FORKS.Process(target=_command, args=(arguments, env, cwd, out, err))
        child.start()
        try:
            child.join(seconds)
            if child.is_alive():
                raise subprocess.TimeoutExpired(["dbt", *arguments], seconds)
        finally:
            child.kill()
            child.join()
        if child.exitcode is None:
            raise RuntimeError("a process that was waited for has no exit code")
        return subprocess.CompletedProcess(
            ["dbt", *arguments], child.exitcode, out.read_text(), err.read_text()
        )


def _command(arguments: list[str], env: dict[str, str], cwd: Path, out: Path, err: Path) -> None:
    for path, descriptor in ((out, 1), (err, 2)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, descriptor)
        os.close(file)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["dbt", *arguments]
    cli()

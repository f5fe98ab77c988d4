"""The command `sandbox` over a state folder of a test's own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from sandbox import api_process
from sandbox.apis import APIS
from sandbox.cli import main
from sandbox.env_files import read_env_file
from sandbox.postgres import Cluster
from sandbox.state import State
from tests.sandbox.clusters import ROOT, until


@dataclass(frozen=True)
class Result:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Sandbox:
    """`run` executes the command in this process, `start` in one of its own."""

    state: State
    read_output: Callable[[], tuple[str, str]]

    def run(self, *arguments: str) -> Result:
        self.read_output()
        code = main(list(arguments))
        return Result(code, *self.read_output())

    def up(self, *arguments: str) -> Result:
        """`up` of a small company, which has to work."""
        result = self.run("up", *(arguments or ("--branches", "2", "--days", "1", "--orders", "20")))
        assert result.code == 0, result
        return result

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "sandbox", *arguments],
            cwd=ROOT,
            env={**os.environ, "SANDBOX_DIR": str(self.state.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def env(self, role: str = "reporter") -> dict[str, str]:
        return read_env_file(self.state.env_file(role))

    def secrets(self) -> set[str]:
        """Every secret of the sandbox."""
        kept = self.state.secrets()
        return {*kept.passwords.values(), kept.token, self.env("admin")["PGPASSWORD"]}

    def pids(self) -> tuple[int | None, list[int]]:
        """Of the postmaster and of the APIs' processes, SmartPizza's first."""
        found = [process.pid for api in APIS for process in api_process.find(self.state, api)]
        return Cluster(self.state.pgdata).status().pid, found

    def kill(self) -> None:
        """Kills the postmaster and the APIs."""
        database, apis = self.pids()
        assert database is not None
        for pid in (database, *apis):
            os.kill(pid, signal.SIGKILL)
        until(lambda: not any(alive(pid) for pid in (database, *apis)))


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

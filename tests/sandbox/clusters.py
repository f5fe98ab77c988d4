"""Help for the tests of the embedded Postgres."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import AnyStr

import psycopg

from sandbox.postgres import Cluster, Server

ROOT = Path(__file__).resolve().parents[2]
IS_ROOT = os.geteuid() == 0

# Names that a shell, or a careless join of arguments, would tear apart.
ODD_NAME = 'it\'s a "state" of $HOME'


def connect(server: Server, password: str | None = None) -> psycopg.Connection:
    """A superuser's connection, with another password if one is given."""
    return psycopg.connect(server.conninfo(), autocommit=True, password=password or server.password)


def pid_of(cluster: Cluster) -> int:
    """The postmaster's pid; the cluster must run."""
    status = cluster.status()
    assert status.state == "running", status
    assert status.pid is not None
    return status.pid


def in_another_process(code: str, data_dir: Path, *, before: Sequence[str] = ()) -> subprocess.Popen[str]:
    """Runs Python code with `cluster` for `data_dir` at hand, in a process group of its own."""
    lines = [*before, "import sys", "from pathlib import Path", "from sandbox.postgres import Cluster"]
    program = "\n".join(
        [*lines, "cluster = Cluster(Path(sys.argv[1]), safe=False, shared_buffers='16MB')", code]
    )
    return subprocess.Popen(
        [sys.executable, "-c", program, str(data_dir)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@contextmanager
def killed_at_the_end(process: subprocess.Popen[AnyStr]) -> Iterator[subprocess.Popen[AnyStr]]:
    """The process, which does not outlive the block."""
    with process:
        try:
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Waits for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)

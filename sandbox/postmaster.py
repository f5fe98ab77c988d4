"""The server process of a data folder, told apart from whatever else bears its pid."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from sandbox import processes
from sandbox.errors import PostgresError


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A live server; `port` is None until it has written it down."""

    process: psutil.Process
    port: int | None

    @property
    def pid(self) -> int:
        return int(self.process.pid)


def is_data_folder(data_dir: Path) -> bool:
    """Whether initdb has finished there. Raises PostgresError for a folder of another user."""
    try:
        return (data_dir / "PG_VERSION").is_file()
    except PermissionError:
        raise PostgresError(f"{data_dir} belongs to another user: run as that user or as root") from None


def find(data_dir: Path) -> Postmaster | None:
    """The live server of `data_dir`, if any: not a zombie, and not another process with a reused pid."""
    try:
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        raise PostgresError(f"{data_dir} belongs to another user: run as that user or as root") from None
    if not lines or not lines[0].isdigit():
        return None
    try:
        process = psutil.Process(int(lines[0]))
    except psutil.NoSuchProcess:
        return None
    if not processes.is_alive(process) or not _serves(process, data_dir, if_hidden=True):
        return None
    port = int(lines[3]) if len(lines) > 3 and lines[3].isdigit() else None
    return Postmaster(process, port)


def clear_remains(data_dir: Path) -> None:
    """Ends what a killed server left behind: its children, then its pid file. The server must not run.

    Postgres itself takes a zombie for a running server and would refuse to start.
    """
    pid_file = data_dir / "postmaster.pid"
    if not pid_file.exists():
        return
    deadline = time.monotonic() + 2
    while children := processes.find(lambda process: _serves(process, data_dir)):
        if time.monotonic() > deadline:
            processes.end(children, [(signal.SIGQUIT, 3.0), (signal.SIGKILL, 3.0)])
            break
        time.sleep(0.05)
    pid_file.unlink(missing_ok=True)


def _serves(process: psutil.Process, data_dir: Path, if_hidden: bool = False) -> bool:
    """Whether `process` is a postgres that works in `data_dir`; `if_hidden` where that may not be looked at.

    Root in a container may not look at the working folder of another user's process.
    """
    try:
        if not process.name().startswith("postgres"):
            return False
        try:
            return os.path.samefile(process.cwd(), data_dir)
        except psutil.AccessDenied:
            return if_hidden and process.uids().real == data_dir.stat().st_uid
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False

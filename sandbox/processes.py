"""Detached background processes: starting, finding and ending them; free ports."""

import os
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil

from sandbox.errors import SandboxError

# Below the ranges from which Linux (32768) and macOS (49152) take ports for outgoing connections.
_FIRST_PORT, _LAST_PORT = 20_000, 32_000


@dataclass(frozen=True, slots=True)
class Account:
    """The user and group that a process runs as."""

    uid: int
    gid: int


def spawn(
    arguments: Sequence[str],
    *,
    log: IO[bytes],
    cwd: Path,
    env: Mapping[str, str],
    account: Account | None = None,
) -> "subprocess.Popen[bytes]":
    """Starts a process that outlives this one, in a session of its own, its output appended to `log`.

    A thread collects its exit status, so that a long-lived parent leaves no zombie behind.
    """
    process = subprocess.Popen(  # noqa: S603 - the sandbox's own programs
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env=dict(env),
        start_new_session=True,
        umask=0o077,
        **as_account(account),
    )
    threading.Thread(target=process.wait, name=f"wait-{process.pid}", daemon=True).start()
    return process


def as_account(account: Account | None) -> dict[str, Any]:
    """Arguments for subprocess that drop to `account`, none for None."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def is_alive(process: psutil.Process) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def find(matches: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    """Live processes that match; those that end meanwhile or may not be looked at are left out."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and is_alive(process) and matches(process):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def end(processes: Iterable[psutil.Process], steps: Iterable[tuple[int, float]]) -> bool:
    """Sends each signal of `steps` (signal, seconds to wait) until all have ended; says whether they have.

    Raises psutil.AccessDenied for a process of another user.
    """
    remaining = list(processes)
    for signal_number, seconds in steps:
        for process in remaining:
            try:
                process.send_signal(signal_number)
            except psutil.NoSuchProcess:
                continue
        deadline = time.monotonic() + seconds
        while remaining := [process for process in remaining if is_alive(process)]:
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        if not remaining:
            return True
    return not remaining


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None) -> int:
    """`preferred` if it is free, else a free port drawn at random. Raises SandboxError if none is found."""
    if preferred is not None and is_free(preferred):
        return preferred
    for _ in range(200):
        port = _FIRST_PORT + secrets.randbelow(_LAST_PORT - _FIRST_PORT)
        if is_free(port):
            return port
    raise SandboxError(f"no free port was found between {_FIRST_PORT} and {_LAST_PORT} on 127.0.0.1")


def tail(log: Path, lines: int = 3) -> str:
    """The last lines of a log, joined into one."""
    try:
        text = log.read_bytes()[-4096:].decode("utf-8", "replace")
    except FileNotFoundError:
        return "no log"
    return " | ".join(text.strip().splitlines()[-lines:]) or "the log is empty"

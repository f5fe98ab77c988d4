"""Private files (0600), written whole or not at all, and locks between processes."""

import fcntl
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.errors import SandboxError


def write_private(path: Path, text: str) -> None:
    """Replaces `path` with `text`, mode 0600, in one step: a reader sees the old text or the new one."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_changed(path: Path, text: str) -> None:
    """`write_private`, unless `path` holds this text already."""
    try:
        if path.read_text(encoding="utf-8") == text:
            return
    except FileNotFoundError:
        pass
    write_private(path, text)


def write_json(path: Path, value: dict[str, Any]) -> None:
    """`write_private` of an object."""
    write_private(path, json.dumps(value, indent=2) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in `path`, None where there is no such file. Raises SandboxError for anything else."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except PermissionError:
        raise SandboxError(f"{path} belongs to another user: run as the user who made it") from None
    except ValueError:
        raise SandboxError(f"{path} is not valid JSON: run `sandbox reset`") from None
    if not isinstance(value, dict):
        raise SandboxError(f"{path} is not a JSON object: run `sandbox reset`")
    return value


@contextmanager
def locked(path: Path, timeout: float = 120.0) -> Iterator[int]:
    """Holds the exclusive lock on `path` and yields its file descriptor.

    A child that inherits the descriptor keeps the lock after this process died. Waits up to `timeout`
    seconds, then raises SandboxError.
    """
    deadline = time.monotonic() + timeout
    handle = _lock(path, deadline)
    try:
        yield handle
    finally:
        os.close(handle)


def _lock(path: Path, deadline: float) -> int:
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError:
            raise SandboxError(f"{path} cannot be opened: run as the user who owns its folder") from None
        except FileNotFoundError:
            raise SandboxError(f"{path.parent} was deleted by another process: try again") from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_current(handle, path):
                return handle
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(handle)
                raise SandboxError(f"another process holds {path}: try again when it has ended") from None
            time.sleep(0.05)
        os.close(handle)


def _is_current(handle: int, path: Path) -> bool:
    """False where whoever held the lock before has deleted the file: its next holder would lock a new one."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False

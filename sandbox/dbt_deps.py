"""Install dbt's packages: the hub's where the hub can be reached, our stand-ins where it cannot.

`python -m sandbox.dbt_deps [--offline | --hub]` fills `dbt_packages` beside `packages.yml` and says in one
line what it took and why. `dbt_packages/.kind` then holds `hub` or `stand-ins`, for whoever has to know
whether elementary is the real one.
"""

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from sandbox import dbt_hub
from sandbox.dbt_hub import HubError
from sandbox.errors import UsageError

HUB = "hub"
STAND_INS = "stand-ins"

SCRATCH_PREFIX = ".dbt_packages-"
EXACT_VERSION = re.compile(r"\d+\.\d+\.\d+\S*")


@dataclass(frozen=True)
class Project:
    """A dbt project's folder, and where its packages come from and go."""

    root: Path

    @property
    def installed(self) -> Path:
        return self.root / "dbt_packages"

    @property
    def stand_ins(self) -> Path:
        return self.root / "offline_packages"

    def packages(self) -> dict[str, str]:
        """Full package name to exact version, as packages.yml has them. Raises UsageError."""
        path = self.root / "packages.yml"
        try:
            entries = yaml.safe_load(path.read_text())["packages"]
            packages = {entry["package"]: str(entry["version"]) for entry in entries}
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from error
        except (yaml.YAMLError, KeyError, TypeError) as error:
            raise UsageError(f"{path}: each entry must have a package (owner/name) and a version") from error
        if not packages:
            raise UsageError(f"{path}: it names no package")
        loose = [name for name, version in packages.items() if not EXACT_VERSION.fullmatch(version)]
        if loose:
            raise UsageError(f"{path}: {loose[0]} must have one exact version, like 1.4.1")
        return packages


def folder(package: str) -> str:
    """The folder dbt installs a hub package into: `dbt-labs/dbt_utils` gives `dbt_utils`."""
    return package.rpartition("/")[2]


def fingerprint(project: Project, kind: str) -> str:
    """Differs from the one noted when the packages of this kind were installed, once they are out of date."""
    digest = hashlib.sha256(json.dumps([kind, project.packages()]).encode())
    if kind == STAND_INS:
        for path in sorted(p for p in project.stand_ins.rglob("*") if p.is_file()):
            digest.update(f"\0{path.relative_to(project.stand_ins)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def is_current(project: Project, kind: str) -> bool:
    """Whether this kind is installed whole, and neither packages.yml nor the stand-ins have changed since."""
    try:
        noted = (project.installed / ".fingerprint").read_text().strip()
    except FileNotFoundError:
        return False
    manifests = [project.installed / folder(name) / "dbt_project.yml" for name in project.packages()]
    return all(path.is_file() for path in manifests) and noted == fingerprint(project, kind)


def copy_stand_ins(project: Project, scratch: Path) -> None:
    """Fill scratch/dbt_packages from offline_packages. Raises UsageError if a package has no stand-in."""
    for name in project.packages():
        source = project.stand_ins / folder(name)
        if not (source / "dbt_project.yml").is_file():
            raise UsageError(f"packages.yml names {name}: its stand-in is missing, {source}/dbt_project.yml")
        shutil.copytree(source, scratch / "dbt_packages" / folder(name))


def fetch_from_hub(project: Project, scratch: Path) -> None:
    """Fill scratch/dbt_packages from the hub. Raises HubError."""
    for name in ("packages.yml", "package-lock.yml"):
        if (project.root / name).exists():
            shutil.copy(project.root / name, scratch)
    dbt_hub.fetch(scratch)


@contextmanager
def locked_folder(root: Path) -> Iterator[None]:
    """Hold the project's folder, so that two installations never interleave."""
    handle = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def install(project: Project, kind: str) -> None:
    """Put this kind in the place of what is there, which stays as it is if getting the new one fails."""
    for stale in project.root.glob(f"{SCRATCH_PREFIX}*"):
        shutil.rmtree(stale)
    scratch = Path(tempfile.mkdtemp(prefix=SCRATCH_PREFIX, dir=project.root))
    try:
        fill = fetch_from_hub if kind == HUB else copy_stand_ins
        fill(project, scratch)
        fresh = scratch / "dbt_packages"
        (fresh / ".kind").write_text(f"{kind}\n")
        (fresh / ".fingerprint").write_text(f"{fingerprint(project, kind)}\n")
        if project.installed.exists():
            project.installed.rename(scratch / "replaced")
        fresh.rename(project.installed)
    finally:
        shutil.rmtree(scratch)


def ensure(project: Project, kind: str) -> str:
    """Install this kind unless it is there already. Returns which of the two it was, for people."""
    with locked_folder(project.root):
        if is_current(project, kind):
            return "already installed"
        install(project, kind)
        return "installed"


def run(project: Project, wanted: str | None) -> str:
    """Install the wanted kind, or without one the best that can be had. Returns what to tell people."""
    packages = project.packages()
    if wanted == STAND_INS:
        return f"stand-ins {ensure(project, STAND_INS)}, as asked by --offline"
    try:
        if not is_current(project, HUB):
            dbt_hub.probe(dbt_hub.description_url(next(iter(packages))))
        named = ", ".join(f"{folder(name)} {version}" for name, version in packages.items())
        return f"the hub's {ensure(project, HUB)} ({named})"
    except HubError as error:
        if wanted == HUB:
            raise
        return f"stand-ins {ensure(project, STAND_INS)}, because the hub did not serve ({error})"


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 installed, 2 packages.yml or a stand-in is wrong, 75 --hub and the hub did not serve."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.dbt_deps", description="Install dbt's packages.")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--offline", dest="kind", action="store_const", const=STAND_INS, help="take stand-ins")
    kind.add_argument("--hub", dest="kind", action="store_const", const=HUB, help="take the hub's or fail")
    default_root = os.environ.get("DBT_PROJECT_DIR", Path(__file__).parents[1] / "dbt_project")
    parser.add_argument("--project-dir", type=Path, default=default_root, help="folder of packages.yml")
    options = parser.parse_args(arguments)
    try:
        sys.stdout.write(f"dbt packages: {run(Project(options.project_dir), options.kind)}\n")
    except (UsageError, HubError) as error:
        sys.stderr.write(f"dbt packages: {error}\n")
        return 2 if isinstance(error, UsageError) else 75
    return 0


if __name__ == "__main__":
    sys.exit(main())

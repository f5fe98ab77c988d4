"""Sling, from a file of the same records: it has no free way to page an API."""

import platform
import sys
from pathlib import Path

from benchmarks.contestant import Cost, LeftOutError
from benchmarks.ground import Ground
from benchmarks.measure import CommandFailedError, measured
from benchmarks.peers.environment import environment

# Wheels that bring the program along; the package `sling` fetches it from a release page.
_PACKAGES = {
    ("linux", "x86_64"): "sling-linux-amd64==1.4.11",
    ("linux", "aarch64"): "sling-linux-arm64==1.4.11",
    ("darwin", "x86_64"): "sling-mac-amd64==1.4.10.post2",
    ("darwin", "arm64"): "sling-mac-arm64==1.4.10.post2",
}


def from_a_file(ground: Ground, records: int) -> Cost:
    """JSON lines into one json column."""
    program = _program()
    path = ground.lines(records)
    with ground.database() as database:
        pg = ground.env(database)
        target = f"postgresql://{pg['PGUSER']}:{pg['PGPASSWORD']}@{pg['PGHOST']}:{pg['PGPORT']}/{database}"
        env = {
            "CONTEST": f"{target}?sslmode=disable",
            "SLING_HOME_DIR": str(ground.folder / "sling"),
            "SLING_DISABLE_TELEMETRY": "true",
        }
        command = [
            str(program),
            "run",
            "--src-stream",
            f"file://{path}",
            "--src-options",
            '{"format":"jsonlines"}',
        ]
        command += ["--tgt-conn", "CONTEST", "--tgt-object", "public.orders", "--mode", "full-refresh"]
        try:
            used = measured(command, env=env)
        except CommandFailedError as error:
            raise LeftOutError(str(error)) from None
        if (found := ground.count(database, "public", "orders")) != records:
            raise LeftOutError(f"it loaded {found} rows of {records}")
    return Cost(used.wall_seconds, used.wall_seconds, used.cpu_seconds, used.peak_bytes)


def _program() -> Path:
    machine = (sys.platform, platform.machine())
    if machine not in _PACKAGES:
        raise LeftOutError(f"there is no package of Sling for {' '.join(machine)}")
    program = next(
        environment("sling", _PACKAGES[machine]).glob("lib/*/site-packages/sling_*/bin/sling-*"), None
    )
    if program is None:
        raise LeftOutError(f"{_PACKAGES[machine]} brings no program")
    program.chmod(0o755)
    return program

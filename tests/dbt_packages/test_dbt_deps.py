"""`python -m sandbox.dbt_deps`: which packages it takes, what it says, and what it leaves alone."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from sandbox import dbt_deps, dbt_hub
from tests.dbt_packages.loopback_hub import serving

ROOT = Path(__file__).parents[2]
PACKAGES = {
    entry["package"]: str(entry["version"])
    for entry in yaml.safe_load((ROOT / "dbt_project" / "packages.yml").read_text())["packages"]
}
NAMES = {name.rpartition("/")[2] for name in PACKAGES}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project's packages.yml and stand-ins, with nothing installed."""
    shutil.copy(ROOT / "dbt_project" / "packages.yml", tmp_path)
    shutil.copytree(ROOT / "dbt_project" / "offline_packages", tmp_path / "offline_packages")
    return tmp_path


@pytest.fixture
def silent_address() -> Iterator[str]:
    """A server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


@pytest.fixture
def closed_address(silent_address: str) -> str:
    """An address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/"


def install(project: Path, *options: str, hub: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command as `make deps` does, against another hub."""
    return subprocess.run(
        [sys.executable, "-m", "sandbox.dbt_deps", "--project-dir", project, *options],
        env={**os.environ, "DBT_PACKAGE_HUB_URL": hub, "NO_PROXY": "127.0.0.1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def offline(project: Path) -> int:
    """`--offline` in this process: it needs no hub."""
    return dbt_deps.main(["--offline", "--project-dir", str(project)])


def kind(project: Path) -> str:
    return (project / "dbt_packages" / ".kind").read_text().strip()


def folders(project: Path) -> set[str]:
    return {path.name for path in (project / "dbt_packages").iterdir() if path.is_dir()}


def leftovers(project: Path) -> list[Path]:
    return list(project.glob(f"{dbt_deps.SCRATCH_PREFIX}*"))


def test_an_unreachable_hub_is_no_traceback_and_no_failure(project: Path, closed_address: str) -> None:
    done = install(project, hub=closed_address)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    assert "stand-ins installed, because the hub did not serve" in done.stdout
    assert (kind(project), folders(project)) == ("stand-ins", NAMES)


def test_a_hub_that_never_answers_does_not_hold_the_command_up(silent_address: str) -> None:
    started = time.monotonic()
    with pytest.raises(dbt_hub.HubError, match=r"no answer within 0\.3 s|ReadTimeout"):
        dbt_hub.probe(silent_address, seconds=0.3)
    assert time.monotonic() - started < 2


def test_one_kind_leaves_nothing_of_itself_under_the_other(project: Path) -> None:
    assert offline(project) == 0
    with serving(PACKAGES) as hub:
        done = install(project, hub=hub)
    assert done.stdout.startswith("dbt packages: the hub's installed (dbt_utils 1.4.1"), done
    assert (kind(project), folders(project)) == ("hub", NAMES)
    assert not list(project.glob("dbt_packages/*/macros"))
    assert not (project / "package-lock.yml").exists()

    # The hub is gone now: what is installed serves on, unasked.
    assert "already installed" in install(project, hub=hub).stdout

    assert offline(project) == 0
    assert (kind(project), folders(project)) == ("stand-ins", NAMES)
    assert not list(project.glob("dbt_packages/*/from_the_hub.md"))
    assert leftovers(project) == []


def test_a_hub_without_the_pinned_version_leaves_the_installed_packages(project: Path) -> None:
    assert offline(project) == 0
    with serving(dict.fromkeys(PACKAGES, "0.0.1")) as hub:
        done = install(project, "--hub", hub=hub)
    assert done.returncode == 75
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "version" in done.stderr
    assert (kind(project), folders(project)) == ("stand-ins", NAMES)
    assert leftovers(project) == []


def test_a_second_run_does_not_install_again(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert offline(project) == 0
    before = (project / "dbt_packages").stat().st_ino
    assert offline(project) == 0
    assert (project / "dbt_packages").stat().st_ino == before
    assert capsys.readouterr().out.splitlines() == [
        "dbt packages: stand-ins installed, as asked by --offline",
        "dbt packages: stand-ins already installed, as asked by --offline",
    ]


def test_a_changed_stand_in_or_a_lost_folder_does_not_stay_stale(project: Path) -> None:
    assert offline(project) == 0
    (project / "offline_packages" / "dbt_utils" / "macros" / "new.sql").write_text("{# new #}")
    assert offline(project) == 0
    assert (project / "dbt_packages" / "dbt_utils" / "macros" / "new.sql").exists()
    shutil.rmtree(project / "dbt_packages" / "elementary")
    assert offline(project) == 0
    assert folders(project) == NAMES


def test_an_interrupted_installation_does_not_hinder_the_next(project: Path) -> None:
    (project / f"{dbt_deps.SCRATCH_PREFIX}killed" / "replaced").mkdir(parents=True)
    assert offline(project) == 0
    assert leftovers(project) == []


def test_a_package_without_stand_in_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert offline(project) == 0
    with (project / "packages.yml").open("a") as file:
        file.write("  - package: owner/forgotten\n    version: 1.0.0\n")
    assert offline(project) == 2
    assert "owner/forgotten" in capsys.readouterr().err
    assert folders(project) == NAMES


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("packages: []\n", "it names no package"),
        ("packages:\n  - package: owner/name\n    version: ['>=1.0.0']\n", "one exact version"),
        ("packages:\n  - git: somewhere\n", "owner/name"),
        ("packages: {\n", "owner/name"),
    ],
)
def test_a_packages_file_that_pins_nothing_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], text: str, complaint: str
) -> None:
    (project / "packages.yml").write_text(text)
    assert offline(project) == 2
    assert complaint in capsys.readouterr().err

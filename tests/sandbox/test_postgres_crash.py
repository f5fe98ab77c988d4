"""The embedded Postgres after a kill of the server, of who started it, and with what that leaves behind."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from sandbox.postgres import Cluster
from sandbox.postgres_account import chosen_account
from sandbox.processes import as_account
from sandbox.throwaway import throwaway_cluster
from tests.sandbox.clusters import connect, in_another_process, killed_at_the_end, pid_of, until


@pytest.fixture(scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crash")


@pytest.fixture
def cluster(_folder: Path) -> Iterator[Cluster]:
    """A running cluster that the tests hand on."""
    cluster = Cluster(_folder / "data", shared_buffers="16MB")
    cluster.start()
    yield cluster
    cluster.stop()


def test_committed_rows_outlive_a_kill_of_the_postmaster(cluster: Cluster) -> None:
    with connect(cluster.server()) as connection:
        connection.execute("create table kept as select generate_series(1, 1000)")
        connection.execute("set synchronous_commit = on")
        connection.execute("insert into kept values (0)")
    killed = pid_of(cluster)
    os.kill(killed, signal.SIGKILL)
    with connect(cluster.start()) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (1001,)
    assert pid_of(cluster) != killed


def test_a_kill_of_the_parent_leaves_a_server_that_the_next_start_finds(cluster: Cluster) -> None:
    cluster.stop()
    code = "print(cluster.start().port, flush=True); sys.stdin.read()"
    parent = in_another_process(code, cluster.data_dir)
    with killed_at_the_end(parent):
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        os.killpg(parent.pid, signal.SIGKILL)
    pid = pid_of(cluster)
    server = cluster.start()
    assert (server.port, pid_of(cluster)) == (port, pid)
    connect(server).close()
    assert cluster.stop()


def test_a_zombie_does_not_pass_for_a_running_server(cluster: Cluster) -> None:
    cluster.stop()
    parent = in_another_process(
        "cluster.start(); print(cluster.status().pid, flush=True); sys.stdin.read()",
        cluster.data_dir,
        # Nobody collects the server's exit status, as in a container whose first process does not.
        before=["import threading", "threading.Thread.start = lambda thread: None"],
    )
    with killed_at_the_end(parent):
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.kill(pid, signal.SIGKILL)
        until(lambda: psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
        assert cluster.status().state == "stopped"
        connect(cluster.start()).close()
        assert cluster.stop()


def test_a_pid_file_that_names_another_process_is_no_server(cluster: Cluster) -> None:
    pid_file = cluster.data_dir / "postmaster.pid"
    written = pid_file.read_text().splitlines()
    cluster.stop()
    account = as_account(chosen_account(cluster.data_dir))
    with killed_at_the_end(subprocess.Popen(["sleep", "60"], cwd="/", **account)) as stranger:
        pid_file.write_text("\n".join([str(stranger.pid), *written[1:]]))
        assert cluster.status().state == "stopped"
        connect(cluster.start()).close()
        assert cluster.stop()
        assert stranger.poll() is None


@pytest.mark.parametrize("content", ["", "4194304\n", "nonsense\n"])
def test_a_torn_pid_file_does_not_prevent_a_start(cluster: Cluster, content: str) -> None:
    cluster.stop()
    (cluster.data_dir / "postmaster.pid").write_text(content)
    connect(cluster.start()).close()


def test_a_stop_after_a_kill_is_quick_and_leaves_nothing(cluster: Cluster) -> None:
    os.kill(pid_of(cluster), signal.SIGKILL)
    until(lambda: cluster.status().state == "stopped")
    assert not cluster.stop()
    assert not (cluster.data_dir / "postmaster.pid").exists()
    assert cluster.status().state == "stopped"


def test_open_transactions_do_not_hold_up_a_stop(cluster: Cluster) -> None:
    with closing(connect(cluster.server())) as connection:
        connection.execute("begin")
        connection.execute("create table unfinished (id int)")
        started = time.monotonic()
        assert cluster.stop()
        assert time.monotonic() - started < 5


def test_the_throwaway_cluster_of_a_killed_process_is_cleared_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code = (
        "import tempfile\ntempfile.tempdir = str(cluster.data_dir)\n"
        "with throwaway_cluster() as server:\n    print(flush=True)\n    sys.stdin.read()"
    )
    owner = in_another_process(code, tmp_path, before=["from sandbox.throwaway import throwaway_cluster"])
    with killed_at_the_end(owner):
        assert owner.stdout is not None
        assert owner.stdout.readline() == "\n"
        owner.kill()
    (abandoned,) = tmp_path.glob("elt-throwaway-*")
    pid = pid_of(Cluster(abandoned / "data"))
    with throwaway_cluster("16MB"):
        assert abandoned.exists(), "a folder this young may be one that is being made"
    an_hour_ago = time.time() - 3600
    os.utime(abandoned, (an_hour_ago, an_hour_ago))
    with throwaway_cluster("16MB"):
        assert not abandoned.exists()
        until(lambda: not psutil.pid_exists(pid))
    assert not list(tmp_path.iterdir())

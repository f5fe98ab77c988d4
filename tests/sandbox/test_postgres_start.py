"""Starting the embedded Postgres: alone, twice, beside others, and after a start that was cut short."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import processes
from sandbox.errors import PostgresError
from sandbox.postgres import Cluster
from tests.sandbox.clusters import ODD_NAME, connect, in_another_process, killed_at_the_end, pid_of, until


@pytest.fixture(scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("start") / ODD_NAME
    folder.mkdir()
    return folder


@pytest.fixture
def cluster(_folder: Path) -> Iterator[Cluster]:
    """A stopped cluster that the tests hand on."""
    cluster = Cluster(_folder / "pg data", safe=False, shared_buffers="16MB")
    cluster.start()
    cluster.stop()
    yield cluster
    cluster.stop()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster of the test's own that has never been started."""
    folder = tmp_path / ODD_NAME
    folder.mkdir()
    cluster = Cluster(folder / "pg data", safe=False, shared_buffers="16MB")
    yield cluster
    cluster.stop()


def taken(port: int) -> socket.socket:
    """A listener on the port."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return listener


def test_a_second_start_makes_no_second_server(cluster: Cluster) -> None:
    server = cluster.start()
    pid = pid_of(cluster)
    assert Cluster(cluster.data_dir).start() == server
    assert pid_of(cluster) == pid


def test_two_starts_at_once_make_one_server(fresh: Cluster) -> None:
    starts = [in_another_process("print(cluster.start().port)", fresh.data_dir) for _ in range(2)]
    answers = [start.communicate(timeout=60) for start in starts]
    assert [start.returncode for start in starts] == [0, 0], answers
    assert answers[0][0] == answers[1][0]
    with connect(fresh.server()) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_taken_port_is_replaced_and_the_new_one_remembered(cluster: Cluster) -> None:
    port = cluster.start().port
    cluster.stop()
    with taken(port):
        moved = cluster.start()
        assert moved.port != port
        connect(moved).close()
    cluster.stop()
    assert cluster.start().port == moved.port


def test_a_port_lost_just_before_the_start_does_not_fail_it(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = processes.free_port()
    with taken(processes.free_port()) as listener:
        ports = iter([listener.getsockname()[1], free])
        monkeypatch.setattr(processes, "free_port", lambda _preferred: next(ports))
        assert cluster.start().port == free


@pytest.mark.parametrize("orphaned", [False, True], ids=["initdb killed", "initdb still running"])
def test_a_start_killed_within_initdb_is_made_good(fresh: Cluster, orphaned: bool) -> None:
    first = in_another_process("cluster.start()", fresh.data_dir)
    with killed_at_the_end(first):
        until((fresh.data_dir.with_name("pg data.new") / "base").exists)
        if orphaned:
            first.kill()
        else:
            os.killpg(first.pid, signal.SIGKILL)
    assert not fresh.data_dir.exists()
    with connect(fresh.start()) as connection:
        assert connection.execute("select count(*) from pg_database").fetchone() == (3,)
    assert not fresh.data_dir.with_name("pg data.new").exists()


def test_a_start_killed_before_its_server_answered_loses_no_server(cluster: Cluster) -> None:
    first = in_another_process("cluster.start()", cluster.data_dir)
    with killed_at_the_end(first):
        until((cluster.data_dir / "postmaster.pid").exists)
        first.kill()
    connect(cluster.start()).close()


def test_a_folder_with_other_content_is_not_touched(fresh: Cluster) -> None:
    fresh.data_dir.mkdir()
    (fresh.data_dir / "letters").write_text("dear")
    with pytest.raises(PostgresError, match="holds something else"):
        fresh.start()
    assert (fresh.data_dir / "letters").read_text() == "dear"


def test_data_of_another_major_version_is_refused_by_name(cluster: Cluster) -> None:
    version = cluster.data_dir / "PG_VERSION"
    written = version.read_text()
    version.write_text("9\n")
    with pytest.raises(PostgresError, match=r"made by Postgres 9, installed is \d+"):
        cluster.start()
    version.write_text(written)


def test_a_lost_password_is_said_before_a_server_starts(cluster: Cluster) -> None:
    record = cluster.data_dir.with_name("pg data.json")
    written = record.read_text()
    record.write_text(json.dumps({"port": 1}))
    with pytest.raises(PostgresError, match="lacks the superuser's password"):
        cluster.start()
    assert cluster.status().state == "stopped"
    record.write_text(written)

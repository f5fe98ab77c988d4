"""Who can reach the embedded Postgres, and what its sessions find there."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from sandbox.databases import set_password
from sandbox.postgres import Cluster
from tests.sandbox.clusters import connect, pid_of


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LANG", "tr_TR.ISO-8859-9")
        environment.setenv("LC_ALL", "tr_TR.ISO-8859-9")
        environment.setenv("PGPORT", "1")
        environment.setenv("PGDATA", "/nowhere")
        cluster = Cluster(tmp_path_factory.mktemp("access") / "data", shared_buffers="16MB")
        cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture
def admin(cluster: Cluster) -> Iterator[psycopg.Connection]:
    with connect(cluster.server()) as connection:
        yield connection


def value(connection: psycopg.Connection, query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("password", ["wrong", " "])
def test_a_wrong_password_is_refused(cluster: Cluster, password: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(cluster.server(), password=password)


def test_nobody_is_trusted(cluster: Cluster, admin: psycopg.Connection) -> None:
    rules = admin.execute("select distinct auth_method from pg_hba_file_rules").fetchall()
    assert rules == [("scram-sha-256",)]
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(host="127.0.0.1", port=cluster.server().port, user="admin", dbname="postgres")


def test_only_loopback_listens(cluster: Cluster, admin: psycopg.Connection) -> None:
    listening = [
        connection.laddr
        for connection in psutil.Process(pid_of(cluster)).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == [("127.0.0.1", cluster.server().port)]
    assert value(admin, "show unix_socket_directories") == ""


def test_the_superusers_password_is_written_to_one_private_file_only(cluster: Cluster) -> None:
    server = cluster.server()
    folder = cluster.data_dir.parent
    holders = [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and server.password.encode() in path.read_bytes()
    ]
    assert holders == ["data.json"]
    assert stat.S_IMODE((folder / "data.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(cluster.data_dir.stat().st_mode) == 0o700
    assert server.password not in repr(server)
    assert server.password not in " ".join(psutil.Process(pid_of(cluster)).cmdline())


def test_a_roles_password_never_reaches_the_log(cluster: Cluster, admin: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.UndefinedObject):
        set_password(admin, "nobody_such", "very-secret")
    assert b"alter role" in cluster.log.read_bytes()
    assert b"very-secret" not in cluster.log.read_bytes()


def test_the_language_of_the_shell_does_not_shape_the_data(admin: psycopg.Connection) -> None:
    assert value(admin, "show server_encoding") == "UTF8"
    assert value(admin, "select lower('ÄI')") == "äi"
    assert value(admin, "select string_agg(c, '' order by c) from unnest(array['b', 'a', 'B']) as c") == "Bab"


def test_times_are_utc_and_commits_are_safe(admin: psycopg.Connection) -> None:
    expected = {
        "timezone": "UTC",
        "fsync": "on",
        "full_page_writes": "on",
        "wal_level": "minimal",
        "jit": "off",
    }
    assert {name: value(admin, f"show {name}") for name in expected} == expected


def test_parallel_hash_joins_need_no_shared_memory_device(admin: psycopg.Connection) -> None:
    assert value(admin, "show dynamic_shared_memory_type") == "mmap"
    for name, setting in {
        "parallel_setup_cost": "0",
        "parallel_tuple_cost": "0",
        "min_parallel_table_scan_size": "0",
        "enable_mergejoin": "off",
    }.items():
        admin.execute(f"set {name} = {setting}".encode())
    admin.execute("create temporary table seed as select 1")
    admin.execute("create table big as select generate_series(1, 50000) as id")
    admin.execute("analyze big")
    query = "select count(*) from big inner join big as other using (id)"
    plan = "\n".join(row[0] for row in admin.execute(f"explain {query}".encode()).fetchall())
    assert "Parallel Hash Join" in plan
    assert value(admin, query) == 50_000


def test_two_clusters_run_side_by_side(cluster: Cluster, tmp_path: Path) -> None:
    other = Cluster(tmp_path / "data", safe=False, shared_buffers="16MB")
    try:
        assert other.start().port != cluster.server().port
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect(other.server(), password=cluster.server().password)
    finally:
        other.stop()
    assert os.path.samefile(psutil.Process(pid_of(cluster)).cwd(), cluster.data_dir)

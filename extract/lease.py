"""Leases: one writer a stream and shard. A row with a heartbeat, and a token that fences off dead holders."""

import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from extract.errors import LeaseHeldError
from extract.settings import LeaseSettings

_TAKE = """
    insert into ops.leases (name, holder, run_id, token, acquired_at, heartbeat_at, expires_at)
    values (%(name)s, %(holder)s, %(run_id)s, 1, clock_timestamp(), clock_timestamp(),
        clock_timestamp() + %(seconds)s * interval '1 second')
    on conflict (name) do update set
        holder = excluded.holder, run_id = excluded.run_id, token = leases.token + 1,
        acquired_at = excluded.acquired_at, heartbeat_at = excluded.heartbeat_at,
        expires_at = excluded.expires_at
    where leases.expires_at <= clock_timestamp()
    returning token
"""
_RENEW = """
    update ops.leases
    set heartbeat_at = clock_timestamp(), expires_at = clock_timestamp() + %(seconds)s * interval '1 second'
    where name = %(name)s and token = %(token)s
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was taken; `token` grows with each taking of `name` and is never given twice."""

    name: str
    token: int

    def fence(self, connection: Connection[TupleRow]) -> None:
        """Locks the lease's row until the transaction ends. Raises LeaseHeldError where it was taken over."""
        held = connection.execute(
            "select 1 from ops.leases where name = %s and token = %s for update", [self.name, self.token]
        ).fetchone()
        if held is None:
            raise LeaseHeldError(
                f"the lease of {self.name} was taken over by another run: nothing was committed"
            )


class Leases:
    """The leases of one run, all renewed by one thread until they are released."""

    def __init__(self, pool: ConnectionPool, run_id: UUID, settings: LeaseSettings) -> None:
        self._pool = pool
        self._run_id = run_id
        self._settings = settings
        self._holder = f"{socket.gethostname()} pid {os.getpid()}"
        self._held: dict[str, Lease] = {}
        self._lost: set[str] = set()
        self._guard = threading.Lock()
        self._end = threading.Event()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renews the leases while the block runs, and releases at its end those that are left."""
        thread = threading.Thread(target=self._beat, name="lease-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join(timeout=5)
            self._release_all()

    def take(self, name: str) -> Lease:
        """Takes the lease called `name`. Raises LeaseHeldError, naming the holder, where it is alive."""
        values = {
            "name": name,
            "holder": self._holder,
            "run_id": self._run_id,
            "seconds": self._settings.seconds,
        }
        with self._pool.connection() as connection:
            self._refuse_if_held(connection, name)
            row = connection.execute(_TAKE, values).fetchone()
            if row is None:
                self._refuse_if_held(connection, name)
                raise LeaseHeldError(f"{name} has just been taken by another run")
        lease = Lease(name, row[0])
        with self._guard:
            self._held[name] = lease
        return lease

    def release(self, lease: Lease) -> None:
        """Lets the next one have the lease at once; its row stays, so that tokens only grow."""
        self._release([lease])

    def assert_held(self, lease: Lease) -> None:
        """Raises LeaseHeldError where the heartbeat has found that another run took the lease over."""
        if lease.name in self._lost:
            raise LeaseHeldError(f"the lease of {lease.name} was taken over by another run")

    def _release_all(self) -> None:
        """By the run's id: a signal may come between the taking of a lease and our noting it."""
        with suppress(psycopg.OperationalError, PoolTimeout), self._pool.connection(timeout=5) as connection:
            connection.execute(
                """
                update ops.leases set expires_at = clock_timestamp()
                where run_id = %s and expires_at > clock_timestamp()
                """,
                [self._run_id],
            )

    def _release(self, leases: Sequence[Lease]) -> None:
        with self._guard:
            for lease in leases:
                self._held.pop(lease.name, None)
        # Where the database is away, the leases expire by themselves.
        with suppress(psycopg.OperationalError, PoolTimeout), self._pool.connection(timeout=5) as connection:
            for lease in leases:
                connection.execute(
                    "update ops.leases set expires_at = clock_timestamp() where name = %s and token = %s",
                    [lease.name, lease.token],
                )

    def _refuse_if_held(self, connection: Connection[TupleRow], name: str) -> None:
        row = connection.execute(
            """
            select holder, run_id, acquired_at::timestamptz(0) at time zone 'UTC',
                ceil(extract(epoch from expires_at - clock_timestamp()))::int
            from ops.leases where name = %s and expires_at > clock_timestamp()
            """,
            [name],
        ).fetchone()
        if row is not None:
            holder, run_id, since, seconds = row
            raise LeaseHeldError(
                f"{name} is being extracted by {holder} (run {run_id}, since {since} UTC; the lease "
                f"expires in {seconds} s unless renewed)"
            )

    def _beat(self) -> None:
        while not self._end.wait(self._settings.heartbeat_seconds):
            with self._guard:
                held = list(self._held.values())
            try:
                with self._pool.connection(timeout=self._settings.heartbeat_seconds) as connection:
                    for lease in held:
                        self._renew(connection, lease)
            except (psycopg.Error, PoolTimeout):
                continue  # tried again at the next beat; the token fences what comes after an expiry

    def _renew(self, connection: Connection[TupleRow], lease: Lease) -> None:
        values = {"name": lease.name, "token": lease.token, "seconds": self._settings.seconds}
        if connection.execute(_RENEW, values).rowcount == 0:
            with self._guard:
                if self._held.pop(lease.name, None) is not None:
                    self._lost.add(lease.name)

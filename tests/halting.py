"""Named places where a load can be halted: a trigger there waits for a lock that the test holds."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LOCK = 77
WAITS = "locktype = 'advisory' and not granted"
HALTED = f"select 1 from pg_locks where {WAITS}"
PLACES = {
    "in the middle of the COPY": (
        "create trigger halt before insert on raw.smartpizza__orders for each row "
        "when (new.load_position = 30) execute function halt()"
    ),
    "after the COPY": (
        "create trigger halt before update on ops.sweeps for each row execute function halt()"
    ),
    "at the ledger row": (
        "create trigger halt before insert on ops.loads for each row execute function halt()"
    ),
    "in the commit": (
        "create constraint trigger halt after insert on ops.loads deferrable initially deferred "
        "for each row execute function halt()"
    ),
    "at the watermark": (
        "create trigger halt before insert on ops.cursors for each row execute function halt()"
    ),
}


@contextmanager
def halted(connect: Any, place: str, loads_before: int = 2) -> Iterator[Any]:
    """A connection of `connect`, a superuser's: runs halt at `place` once so many loads are there."""
    with connect() as admin:
        admin.execute(
            f"""
            create function halt() returns trigger language plpgsql security definer as $$
            begin
                if (select count(*) from ops.loads) >= {loads_before} then
                    perform pg_advisory_lock_shared({LOCK});
                    perform pg_advisory_unlock_shared({LOCK});
                end if;
                return new;
            end $$
            """
        )
        admin.execute(PLACES[place])
        admin.execute("select pg_advisory_lock(%s)", [LOCK])
        yield admin


def go_on(admin: Any) -> None:
    """Lets what waits go on, and takes the place away once no transaction is left."""
    admin.execute("select pg_advisory_unlock_all()")
    wait_for(
        admin, "select 1 where not exists (select from pg_locks where locktype = 'transactionid' and granted)"
    )
    admin.execute("drop function halt cascade")


def wait_for(connection: Any, query: str, process: Any = None, seconds: float = 20) -> None:
    """Waits until `query` finds a row; fails where it never does, or where `process` has ended."""
    deadline = time.monotonic() + seconds
    while connection.execute(query).fetchone() is None:
        assert time.monotonic() < deadline, f"never happened: {query}"
        assert process is None or process.poll() is None, process.stderr.read()
        time.sleep(0.01)

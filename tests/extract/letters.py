"""Ways to get dead letters into the queue: records that Postgres refuses, for good or for the moment."""

from typing import Any

from extract.database import open_pool
from extract.pipeline import run_source
from extract.settings import DatabaseSettings, Settings
from extract.sources import all_sources
from tests.extract.fake_api import FakeApi

ZERO = rb'{"order_id":"zero","note":"a\u0000b"}'
KEYLESS = b'{"note":"hello"}'


def deep(number: int, **fields: str) -> bytes:
    """An order nested too deep for a server with a shallow stack, and for no other."""
    more = "".join(f'"{name}":"{value}",' for name, value in fields.items())
    return f'{{"order_id":"deep-{number:06}",{more}"note":{"[" * 900}{"]" * 900}}}'.encode()


def leave_letters(database: Any, settings: Settings, stream: str, records: list[Any]) -> None:
    """Sweeps `stream`, served `records`, while the server parses a tenth of the depth that it usually does."""
    source = all_sources()["smartpizza"]
    path = source.stream(stream).path.removeprefix("/v1/")
    with database.connect("admin", autocommit=True) as admin:
        admin.execute("alter role extractor set max_stack_depth = '100kB'")
        try:
            with open_pool(DatabaseSettings(attempts=1), database.conninfo("extractor")) as pool:
                api = FakeApi(**{path: records})
                done = run_source(pool, settings, source, [source.stream(stream)], transport=api)
        finally:
            admin.execute("alter role extractor reset max_stack_depth")
    assert done.error is None, done.error


def letters(database: Any) -> list[tuple[Any, ...]]:
    """(id, status, load that mended it) of all letters, in order."""
    with database.connect("admin") as admin:
        return admin.execute(
            "select dead_letter_id, status, mended_by_load_id from ops.dead_letters order by 1"
        ).fetchall()


def raw(database: Any, stream: str = "orders") -> list[tuple[Any, ...]]:
    """(load, record, context) of all raw rows of a stream, in order."""
    with database.connect("admin") as admin:
        return admin.execute(
            f"select load_id, record, context from raw.smartpizza__{stream} order by load_id, load_position"
        ).fetchall()


def assert_books_balance(database: Any, stream: str = "orders") -> None:
    """For each sweep: served = raw rows + dead letters, those replayed since included. For each load likewise."""
    with database.connect("admin") as admin:
        sweeps = admin.execute(
            f"""
            select sweep.sweep_id, served, records, dead_letters,
                (select count(*) from raw.smartpizza__{stream} join ops.loads as load using (load_id)
                    where load.sweep_id = sweep.sweep_id),
                (select count(*) from ops.dead_letters as letter where letter.sweep_id = sweep.sweep_id)
            from ops.sweeps as sweep where stream = %s
            """,
            [stream],
        ).fetchall()
        loads = admin.execute(
            f"""
            select load_id from ops.loads as load where stream = %s and (
                records <> (select count(*) from raw.smartpizza__{stream} where load_id = load.load_id)
                or dead_letters <> (select count(*) from ops.dead_letters where load_id = load.load_id))
            """,
            [stream],
        ).fetchall()
        orphans = admin.execute(
            f"select count(*) from raw.smartpizza__{stream} where load_id not in (select load_id from ops.loads)"
        ).fetchone()
    for sweep, served, records, dead, in_raw, in_queue in sweeps:
        assert served == records + dead, f"sweep {sweep}"
        assert (records, dead) == (in_raw, in_queue), f"sweep {sweep}"
    assert loads == []
    assert orphans == (0,)

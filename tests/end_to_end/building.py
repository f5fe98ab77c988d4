"""Builds in the middle of which a test can look around: a trigger on a table makes them wait for the test's lock."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.end_to_end.company import Company
from tests.end_to_end.warehouse import ROOT
from tests.halting import HALTED, LOCK, wait_for

Process = subprocess.Popen[str]


@contextmanager
def started(company: Company, *arguments: str) -> Iterator[Process]:
    """`dbt ...` while it runs; killed at the end of the block."""
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("dbt")), *arguments],
        env=company.dbt_environment(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def waits_at(company: Company, table: str) -> Iterator[Any]:
    """A superuser's connection: whoever inserts into `table` waits while it holds its lock (see `let_go`)."""
    with company.database.connect("admin", autocommit=True) as admin:
        admin.execute(
            f"""
            create function public.halt() returns trigger language plpgsql security definer as $$
            begin
                perform pg_advisory_lock_shared({LOCK});
                perform pg_advisory_unlock_shared({LOCK});
                return null;
            end $$;
            create trigger halt before insert on {table} for each statement execute function public.halt()
            """
        )
        admin.execute("select pg_advisory_lock(%s)", [LOCK])
        yield admin
        let_go(admin)
        admin.execute("drop function if exists public.halt() cascade")


def wait_until_halted(admin: Any, process: Process) -> None:
    wait_for(admin, HALTED, process, seconds=60)


def let_go(admin: Any) -> None:
    admin.execute("select pg_advisory_unlock_all()")

"""Builds ended by SIGTERM and kill -9 at random: readers find every mart whole, and the next build goes on."""

import json
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from extract.migrate import initialise
from sandbox.databases import create_database
from sandbox.smartpizza import Config, serve
from sandbox.throwaway import throwaway_cluster
from tests.chaos.lab import ROLES, ROOT, Figures
from tests.conftest import EltDatabase
from tests.end_to_end.company import Company
from tests.end_to_end.mart_reader import MartReader, mart_states
from tests.halting import wait_for

SECONDS_TO_END = 5
FULL_REFRESH_SHARE = 0.3
SESSIONS = "select from pg_stat_activity where application_name = 'dbt' and datname = current_database()"


def run(*, signals: int, kills: int, data_tests: bool, seed: int = 1) -> Figures:
    """Ends so many builds by SIGTERM and by kill -9, each at another moment; the last one comes to its end."""
    chosen = ("smartpizza",) if data_tests else ("--select", "tag:smartpizza,resource_type:model")
    chance = random.Random(seed)
    ends = [signal.SIGTERM] * signals + [signal.SIGKILL] * kills
    chance.shuffle(ends)
    waits, reads, stopped = list[float](), 0, 0
    with company(seed) as here:
        build(here, *chosen)
        seconds = here.scalar("select extract(epoch from ended_at - started_at)::float from ops.builds")
        for number in ends:
            here.api.advance(hours=chance.randint(1, 12))
            here.load()
            more = ("--full-refresh",) if chance.random() < FULL_REFRESH_SHARE else ()
            before = mart_states(here)
            with MartReader(here) as reader:
                waited, code = end_one(here, number, chance.uniform(0, seconds), *chosen, *more)
            reader.assert_saw_only(before, mart_states(here))
            waits.append(waited)
            stopped += code != 0
            reads += reader.reads
        build(here, *chosen)
        assert_each_load_taken_once(here)
        here.snapshot()
        build(here, *chosen, "--full-refresh")
        assert here.differences() == {}
    return {
        "ended": f"{signals} builds by SIGTERM, {kills} by kill -9, {len(ends) - stopped} of them already done",
        "reads of a mart, missing or partial": f"{reads:,}, 0",
        "seconds until no query was left": f"{sorted(waits)[len(waits) // 2]:.1f} median, {max(waits):.1f} at most",
        "marts unlike their full refresh": "0",
    }


@contextmanager
def company(seed: int) -> Iterator[Company]:
    """A small company with all its streams, loaded once."""
    config = Config(branches=3, days=2, orders_per_day=40, seed=seed)
    passwords = {role: secrets.token_urlsafe(12) for role in ROLES}
    name = f"chaos_{secrets.token_hex(4)}"
    with throwaway_cluster() as server, serve(config) as api, tempfile.TemporaryDirectory() as folder:
        with psycopg.connect(server.conninfo(), autocommit=True) as admin:
            create_database(admin, name)
        initialise(server.conninfo(name), passwords)
        home = Path(folder) / "company"
        home.mkdir()
        made = Company(api, EltDatabase(name, server, passwords), home)
        made.load()
        yield made


def start(here: Company, *arguments: str) -> "subprocess.Popen[str]":
    """`extract build ...` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "extract", "build", *arguments],
        env=here.dbt_environment() | {"PYTHONPATH": str(ROOT)},
        cwd=here.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def build(here: Company, *arguments: str) -> None:
    """`extract build ...` to its end, which is done."""
    process = start(here, *arguments)
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, out + err


def end_one(here: Company, number: int, moment: float, *arguments: str) -> tuple[float, int]:
    """Ends a build `moment` seconds after it has its lease: seconds until it had no session, and its exit code."""
    known = here.scalar("select count(*) from ops.builds")
    process = start(here, *arguments)
    with here.database.connect("admin", autocommit=True) as admin:
        wait_for(admin, f"select 1 from ops.builds having count(*) > {known}", process, seconds=120)
        time.sleep(moment)
        process.send_signal(number)
        asked = time.monotonic()
        wait_for(admin, f"select 1 where not exists ({SESSIONS})", seconds=SECONDS_TO_END)
        waited = time.monotonic() - asked
        out, err = process.communicate(timeout=60)
        assert process.returncode in (0, -number, 128 + number), out + err
        if process.returncode == 128 + number:
            assert json.loads(out.splitlines()[-1])["event"] == "build_stopped"
            assert admin.execute("select 1 from ops.build_leases").fetchone() is None, (
                "its lease is still held"
            )
        return waited, process.returncode


def assert_each_load_taken_once(here: Company) -> None:
    """A base model goes on just where it stopped, in whatever build that was."""
    twice_or_left_out = here.query(
        """
        select * from (
            select *, lag(to_order) over (partition by model order by take_id) as before
            from ops.model_takes where model like 'base.%'
        ) as takes
        where not full_refresh and from_order <> before
        """
    )
    assert twice_or_left_out == []

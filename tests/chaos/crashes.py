"""Postgres stopped with -m immediate in the middle of a COPY: one run goes on by itself through all of them."""

import os
import signal
import statistics
import time

from sandbox.bulk import BulkConfig
from tests.chaos.lab import ORDERS, Figures, Lab, lab
from tests.halting import wait_for

CONFIG = """
[load]
max_rows = 10_000
"""
SECONDS_TO_GO_ON = 30


def run(*, crashes: int, records: int) -> Figures:
    """Crashes the server so many times under one run."""
    waits = []
    with lab(BulkConfig(records=records, delay_ms=30)) as here:
        here.configure(CONFIG, page_size=500)
        process = here.start("run", *ORDERS)
        for _ in range(crashes):
            _wait_for_copy(here)
            _crash(here)
            waits.append(_seconds_until_a_load(here))
        here.api.change(delay_ms=0)
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        assert here.lost_and_doubled() == (0, 0)
        here.assert_books_balance()
        assert here.rows("select count(*) from ops.runs") == [(1,)]
        assert out.count('"event": "database_lost"') >= crashes
    assert max(waits) <= SECONDS_TO_GO_ON
    return {
        "crashes": f"{crashes} under one run of {records:,} records",
        "lost, doubled": "0, 0",
        "seconds from the server's return to the next load": (
            f"{statistics.median(waits):.1f} median, {max(waits):.1f} at most"
        ),
    }


def _wait_for_copy(here: Lab) -> None:
    with here.connect() as admin:
        wait_for(
            admin,
            "select 1 from pg_stat_activity where query like 'copy raw%' and state = 'active'",
            seconds=60,
        )


def _crash(here: Lab) -> None:
    pid = here.cluster.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGQUIT)
    while here.cluster.status().state != "stopped":
        time.sleep(0.02)
    here.server = here.cluster.start()


def _seconds_until_a_load(here: Lab) -> float:
    back = time.monotonic()
    with here.connect() as admin:
        row = admin.execute("select coalesce(max(load_order), 0) from ops.loads").fetchone()
        assert row is not None
        wait_for(admin, f"select 1 from ops.loads where load_order > {row[0]}", seconds=60)
    return time.monotonic() - back

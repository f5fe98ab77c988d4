"""One window's answers drip, one byte a second: it ends at its deadline, and the other windows finish."""

import time

from sandbox.bulk import BulkConfig
from tests.chaos.lab import Figures, lab

TOTAL_SECONDS = 4
HOURS = 4
ORDERS_AN_HOUR = 4 * 3600
CONFIG = f"""
[http]
total_seconds = {TOTAL_SECONDS}
read_seconds = 2
attempts = 1
"""


def run() -> Figures:
    """A backfill of four hours; pages of two of them drip."""
    with lab(BulkConfig(records=HOURS * ORDERS_AN_HOUR + 4, seed=1)) as here:
        here.configure(CONFIG)
        here.api.faults(drip={"share": 0.05})
        started = time.monotonic()
        window = ("--from", "2026-03-16T00:00:00Z", "--to", "2026-03-16T04:00:00Z", "--window", "1")
        done = here.run("backfill", "smartpizza", "--stream", "orders", *window, check=False)
        seconds = time.monotonic() - started
        states = dict(here.rows("select status, count(*) from ops.sweeps group by 1"))
        assert done.returncode == 75, done.stderr
        assert "http.total_seconds" in done.stderr
        assert states.get("finished", 0) >= 1, states
        assert states.get("failed", 0) >= 1, states
        slowest = here.scalar(
            "select max(extract(epoch from ended_at - started_at))::float8 from ops.sweeps where status = 'failed'"
        )
        here.api.faults()
        here.run("backfill", "smartpizza", "--stream", "orders", *window)
        lost, doubled = here.lost_and_doubled()
        assert (lost, doubled) == (4, 0), "the four orders after the range"
    assert slowest <= TOTAL_SECONDS + 2 + 2, f"{slowest} s"
    return {
        "windows": f"{states['finished']} finished, {states['failed']} ended at their deadline",
        "the slowest of those": f"{slowest:.1f} s with a deadline of {TOTAL_SECONDS} s; the run {seconds:.1f} s",
        "lost, doubled after the next run": "0, 0",
    }

"""A clock that is an hour off, DST both ways, a leap day, any session time zone: what is loaded equals UTC's."""

import subprocess
import sys
from dataclasses import dataclass

from sandbox.bulk import BulkConfig
from sandbox.throwaway import breakable_cluster
from tests.chaos.lab import ORDERS, Figures, Lab, lab

# The process believes in another moment; `tick` lets its time go on.
_AT_ANOTHER_TIME = """
import sys, datetime, time_machine
moment = sys.argv.pop(1)
now = datetime.datetime.now(datetime.UTC)
shift = datetime.timedelta(hours=float(moment)) if "T" not in moment else datetime.datetime.fromisoformat(moment) - now
time_machine.travel(now + shift, tick=True).start()
from extract.cli import main
main()
"""


@dataclass(frozen=True)
class Clock:
    """A moment (an RFC 3339 time, or hours by which the clock is off) and a time zone."""

    moment: str
    zone: str


UTC = Clock("0", "UTC")
CLOCKS = (
    Clock("1", "UTC"),
    Clock("-1", "UTC"),
    Clock("0", "Pacific/Kiritimati"),
    Clock("2026-03-29T00:59:58+00:00", "Europe/Berlin"),
    Clock("2026-10-25T00:59:58+00:00", "Europe/Berlin"),
    Clock("2026-03-08T06:59:58+00:00", "America/New_York"),
    Clock("2026-11-01T05:59:58+00:00", "America/New_York"),
    Clock("2028-02-29T23:59:58+00:00", "Australia/Lord_Howe"),
)
CONFIG = """
[load]
max_rows = 3_000
"""
LEDGER = """
    select since, position - 'token', watermark, served, records, status from ops.sweeps order by sweep_id
"""
RAW = (
    "select record ->> 'order_id', served_at::text, loaded_on from raw.smartpizza__orders order by 1, load_id"
)
BASE = "select order_id, placed_at::text, updated_at::text, business_date from base.base_smartpizza__orders order by 1"


def run(*, clocks: int, models: bool) -> Figures:
    """Two runs a clock, and with `models` a build; each compared with UTC's."""
    with breakable_cluster("128MB") as cluster:
        expected = None
        for clock in (UTC, *CLOCKS[:clocks]):
            with lab(BulkConfig(records=4_000), cluster) as here:
                found = _load(here, clock, models)
            expected = expected or found
            assert found == expected, f"{clock} differs from UTC"
    return {
        "clocks": f"{clocks}: an hour off, DST, a leap day, zones of process and session",
        "differences": "0",
    }


def _load(here: Lab, clock: Clock, models: bool) -> list[object]:
    here.configure(CONFIG)
    zone = {"TZ": clock.zone, "PGOPTIONS": f"-c timezone={clock.zone}"}
    for records in (4_000, 6_000):
        here.api.change(records=records)
        done = subprocess.run(
            [sys.executable, "-c", _AT_ANOTHER_TIME, clock.moment, "run", *ORDERS],
            env=here.env() | zone,
            cwd=here.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    if models:
        here.dbt("run", "--select", "base_smartpizza__orders", **zone)
    return [here.rows(LEDGER), here.rows(RAW), here.rows(BASE) if models else None]

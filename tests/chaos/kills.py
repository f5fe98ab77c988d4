"""kill -9 at random and named points of a load: nothing lost, nothing doubled, at most one load fetched again."""

import random
import subprocess
from contextlib import suppress

from sandbox.bulk import BulkConfig
from sandbox.throwaway import breakable_cluster
from tests.chaos.lab import ORDERS, Figures, Lab, lab
from tests.halting import HALTED, PLACES, go_on, halted, wait_for

PAGE = 500
LOAD = 5_000
CONFIG = f"""
[load]
max_rows = {LOAD}
[lease]
seconds = 1
heartbeat_seconds = 0.3
"""


def run(*, kills: int, records: int, seed: int = 1) -> Figures:
    """Kills runs until so many are dead; whenever a sweep is done, the next load begins in a new database."""
    chance = random.Random(seed)
    dead = sweeps = again = 0
    with breakable_cluster("128MB") as cluster:
        while dead < kills:
            with lab(BulkConfig(records=records, delay_ms=5, seed=seed), cluster) as here:
                here.configure(CONFIG, page_size=PAGE)
                while dead < kills and not _is_done(here):
                    again += _life(here, chance)
                    dead += 1
                _finish(here)
                assert here.lost_and_doubled() == (0, 0)
                here.assert_books_balance()
                assert here.rows("select count(*), sum(restarts) from ops.sweeps") == [(1, 0)]
                sweeps += 1
    return {
        "kills": f"{dead} in {sweeps} loads of {records:,} records",
        "lost, doubled": "0, 0",
        "pages fetched again a kill": f"{again / dead:.1f} of the {LOAD // PAGE} that a load has at most",
    }


def _life(here: Lab, chance: random.Random) -> int:
    """One run and its death. Gives how many pages the next one must fetch again."""
    here.api.reset()
    committed = _pages(here)
    place = chance.choice([*PLACES, None, None, None, None, None])
    if place is None or place == "at the watermark":
        process = here.start("run", *ORDERS)
        assert process.stdout is not None
        process.stdout.readline()
        with suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, 0.6))
        process.kill()
    else:
        before = here.scalar("select count(*) from ops.loads") + chance.randrange(4)
        with halted(here.connect, place, before) as admin:
            process = here.start("run", *ORDERS)
            wait_for(admin, f"{HALTED} union all select 1 from ops.sweeps where status = 'finished'", process)
            process.kill()
            process.wait()
            go_on(admin)
    process.communicate()
    _wait_for_the_dead(here)
    again = here.api.counts().pages - (_pages(here) - committed)
    assert again <= LOAD // PAGE, f"{again} pages were fetched for nothing"
    return again


def _pages(here: Lab) -> int:
    return int(here.scalar("select coalesce(sum(pages), 0) from ops.loads"))


def _is_done(here: Lab) -> bool:
    return bool(here.rows("select 1 from ops.sweeps where status = 'finished'"))


def _wait_for_the_dead(here: Lab) -> None:
    """Until the dead run's backends have seen it, and its lease has run out by itself."""
    with here.connect() as admin:
        wait_for(
            admin,
            "select 1 where not exists (select from pg_stat_activity where application_name like 'extract %')"
            " and not exists (select from ops.leases where expires_at > clock_timestamp())",
        )


def _finish(here: Lab) -> None:
    if not _is_done(here):
        here.run("run", *ORDERS)

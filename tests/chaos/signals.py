"""SIGTERM at random: done or rolled back in time, exit code 143, no backend left behind."""

import random
import signal
import time

from sandbox.bulk import BulkConfig
from tests.chaos.lab import ORDERS, Figures, lab
from tests.halting import wait_for

SECONDS_TO_END = 10
CONFIG = """
[load]
max_rows = 5_000
"""


def run(*, signals: int, records: int, seed: int = 1) -> Figures:
    """Ends runs by SIGTERM, each at another moment; the last one comes to its end."""
    chance = random.Random(seed)
    waits, loads = [], set()
    with lab(BulkConfig(records=records, delay_ms=60, seed=seed)) as here, here.connect() as admin:
        here.configure(CONFIG, page_size=500)
        for _ in range(signals):
            process = here.start("run", *ORDERS)
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0, 0.8))
            asked = time.monotonic()
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=60)
            waits.append(time.monotonic() - asked)
            assert process.returncode == 143, err
            wait_for(
                admin,
                "select 1 where not exists (select from pg_stat_activity where application_name like 'extract %')",
                seconds=2,
            )
            loads.add(here.scalar("select count(*) from ops.loads"))
        here.api.change(delay_ms=0)
        here.run("run", *ORDERS)
        assert here.lost_and_doubled() == (0, 0)
        here.assert_books_balance()
        assert here.rows("select count(*) from ops.runs where status = 'running'") == [(0,)]
    assert max(waits) <= SECONDS_TO_END
    return {
        "signals": f"{signals}, after {len(loads)} different numbers of loads",
        "lost, doubled": "0, 0",
        "seconds to the end": f"{sorted(waits)[len(waits) // 2]:.1f} median, {max(waits):.1f} at most",
        "backends left": "0",
    }

"""python -m tests.chaos [SCENARIO...]: everything at full size, and the figures (`make chaos`)."""

import sys
import time
from collections.abc import Callable
from functools import partial

from rich.console import Console
from rich.table import Table

from tests.chaos import bad_records, builds, clocks, crashes, crowd, disk_full, drip, faults, kills, signals
from tests.chaos.lab import Figures

SCENARIOS: dict[str, Callable[[], Figures]] = {
    "kills": partial(kills.run, kills=300, records=200_000),
    "crashes": partial(crashes.run, crashes=30, records=1_000_000),
    "faults": partial(faults.run, records=200_000),
    "drip": drip.run,
    "bad_records": partial(bad_records.run, records=1_000_000, marts=True),
    "crowd": partial(crowd.run, rounds=50),
    "disk_full": partial(disk_full.run, records=60_000),
    "clocks": partial(clocks.run, clocks=len(clocks.CLOCKS), models=True),
    "signals": partial(signals.run, signals=30, records=200_000),
    "builds": partial(builds.run, signals=50, kills=10, data_tests=True),
}


def main() -> int:
    """Runs the scenarios named, or all; 1 where one fails."""
    console = Console(width=140)
    unknown = set(sys.argv[1:]) - set(SCENARIOS)
    if unknown:
        console.print(f"no scenario {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
        return 2
    failed = False
    table = Table("scenario", "what", "figure", title="Chaos", title_justify="left")
    for name in sys.argv[1:] or SCENARIOS:
        console.print(f"[dim]{name} ...[/dim]")
        began = time.monotonic()
        try:
            figures = SCENARIOS[name]()
        except (AssertionError, disk_full.NoSmallDiskError) as error:
            failed = True
            figures = {"[red]failed[/red]": str(error)[:1000]}
        for what, figure in figures.items():
            table.add_row(name, what, figure)
        table.add_row(name, "minutes", f"{(time.monotonic() - began) / 60:.1f}", end_section=True)
        console.print(figures)
    console.print(table)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

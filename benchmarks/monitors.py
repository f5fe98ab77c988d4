"""Do the monitors find what is planted, and nothing else? And what do they cost?

Each seed is a made-up company of 60 days with weekly seasons. One defect of each kind is planted in a copy of its
days; counted are the defects found, by the monitor that should, within their days, and the alarms of the days as they
were (the promises: all, and at most one a 60 days). Records are raw JSON that dbt types; what judges is the project's
own SQL. With --cost, the seconds that the database spends on the monitors in an hourly build of 1,000 branches (the
promise: under 10 % of the build, and no more with twice the history).
"""

import argparse
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.monitor_cost import cost
from benchmarks.monitor_defects import Alarm, Defect, defects
from benchmarks.monitor_ground import Ground
from benchmarks.monitor_judging import Models, judge_clean, judge_planted
from benchmarks.monitor_series import Series
from sandbox.postgres import Server
from sandbox.throwaway import throwaway_cluster

SETTLED = "alarms in the days after it"


def judge(
    ground: Ground, series: Series, models: Models | None
) -> tuple[Models, set[Alarm], dict[Defect, set[Alarm]]]:
    """Takes a series with its defects, and judges it as it was and with each of them."""
    clean = [load for day in range(series.days) for load in series.loads(day)]
    ground.take(clean, first_id=1)
    planted, first_ids, first_id = defects(series), {}, len(clean) + 1
    for defect in planted:
        first_ids[defect.name] = first_id
        ground.take(defect.loads, first_id=first_id)
        first_id += len(defect.loads)
    ground.dbt("run", "--select", "base_smartpizza__orders")
    models = models or Models.of(ground)
    with ground.connect() as connection:
        alarms = judge_clean(connection, models, len(clean), series.days)
        found = {
            defect: judge_planted(connection, models, defect, clean=len(clean), first=first_ids[defect.name])
            for defect in planted
        }
    return models, alarms, found


def recall(server: Server, folder: Path, seeds: range, branches: int, console: Console) -> bool:
    """Prints what was found of each kind of defect, and the false alarms. True where both promises are kept."""
    Ground.prepare(server, "template", folder)
    hits, planted, after, false = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    models = None
    for number, seed in enumerate(seeds):
        console.print(f"[dim]seed {seed}, {number + 1} of {len(seeds)}[/dim]")
        # One name for all, or dbt would parse the project anew for each.
        ground = Ground.prepare(server, "seed", folder, template="template")
        models, clean, found = judge(ground, Series(seed, branches=branches), models)
        false.update(f"{alarm.monitor} {alarm.column}".strip() for alarm in clean)
        for alarm in sorted(clean, key=str):
            console.print(f"  a false alarm: {alarm}")
        for defect, alarms in found.items():
            planted[defect.name] += 1
            if any(defect.is_found_by(alarm) for alarm in alarms):
                hits[defect.name] += 1
            else:
                console.print(f"  not found: {defect}")
            after[defect.name] += len({alarm for alarm in alarms - clean if not defect.covers(alarm.day)})
        ground.drop()
    table = Table(title=f"{len(seeds)} seeds of 60 days, {branches} branches", title_justify="left")
    for heading in ("planted", "found", "of", SETTLED):
        table.add_column(heading, justify="left" if heading == "planted" else "right")
    for name in planted:
        table.add_row(name, str(hits[name]), str(planted[name]), str(after[name]))
    console.print(table)
    rate = sum(false.values()) / len(seeds)
    share = sum(hits.values()) / sum(planted.values())
    console.print(
        f"recall {share:.1%}; false alarms per 60 clean days, over all monitors: {rate:.2f} {dict(false) or ''}"
    )
    return share == 1 and rate <= 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--branches", type=int, default=30)
    parser.add_argument("--quick", action="store_true", help="one seed")
    parser.add_argument("--cost", action="store_true", help="only what the monitors cost")
    parser.add_argument("--orders", type=int, default=6, help="orders of a branch and day, for --cost")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if options.cost:
            kept = cost(folder, console, options.orders)
        else:
            server = stack.enter_context(throwaway_cluster("256MB"))
            seeds = range(options.first_seed, options.first_seed + (1 if options.quick else options.seeds))
            kept = recall(server, folder, seeds, options.branches, console)
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()

"""What the monitors cost: database seconds of an hourly build, told by the server's own log, node by node."""

import re
import statistics
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.monitor_company import Company
from benchmarks.monitor_ground import Ground
from sandbox.throwaway import breakable_cluster

MONITORS = re.compile(r"(measured|judged|monitors?_)")
_STATEMENT = re.compile(r"@(\w+) LOG:  duration: ([\d.]+) ms  statement: /\* \{[^}]*\"node\": \"([^\"]+)\"")
HOURS, _EVENING = 6, 18
_DEAREST = 12
BRANCHES = 1000


def cost(folder: Path, console: Console, orders: int) -> bool:
    """Builds two histories, then some hours on each in turns. True where the promises are kept."""
    with breakable_cluster("256MB") as cluster:
        server = cluster.server()
        histories = {}
        for days in (60, 120):
            console.print(f"[dim]a history of {days} days[/dim]")
            ground = Ground.prepare(server, f"days_{days}", folder)
            company = Company(branches=BRANCHES, days=days + 1, orders=(orders // 2, orders + orders // 2))
            company.open(ground)
            for day in range(days):
                company.trade(ground, day)
            # The hours of the evening: the day that is measured again is nearly whole.
            company.trade(ground, days, range(_EVENING))
            ground.dbt("run", "--selector", "smartpizza")
            with ground.connect() as connection:
                connection.execute("alter role transformer set log_min_duration_statement = 0")
            histories[days] = ground, company
        spent: dict[int, list[dict[str, float]]] = defaultdict(list)
        # The first build makes the tests' tables.
        for hour in range(HOURS):
            for days, (ground, company) in histories.items():
                company.trade(ground, days, range(_EVENING + hour, _EVENING + hour + 1))
                offset = cluster.log.stat().st_size
                ground.dbt("build", "--selector", "smartpizza")
                if hour > 0:
                    spent[days].append(_seconds(cluster.log, offset, ground.name))
    return _told(spent, orders, console)


def _seconds(log: Path, offset: int, database: str) -> dict[str, float]:
    """Database seconds by node since `offset` of the log."""
    with log.open(encoding="utf-8", errors="replace") as lines:
        lines.seek(offset)
        seconds: dict[str, float] = defaultdict(float)
        for found in _STATEMENT.finditer(lines.read()):
            if found[1] == database:
                seconds[found[3]] += float(found[2]) / 1000
    return seconds


def _told(spent: dict[int, list[dict[str, float]]], orders: int, console: Console) -> bool:
    title = (
        f"An hourly build of {BRANCHES:,} branches with {orders} orders a day each, database seconds, medians"
    )
    table = Table(title=title, title_justify="left")
    for heading in ("history", "build", "monitors", "share"):
        table.add_column(heading, justify="right")
    monitors = {}
    share = {}
    for days, builds in spent.items():
        whole = statistics.median(sum(build.values()) for build in builds)
        monitors[days] = statistics.median(
            sum(seconds for node, seconds in build.items() if MONITORS.search(node)) for build in builds
        )
        share[days] = monitors[days] / whole
        table.add_row(f"{days} days", f"{whole:.2f}", f"{monitors[days]:.2f}", f"{share[days]:.1%}")
    console.print(table)
    console.print(_dearest(spent))
    console.print(f"twice the history: {monitors[120] / monitors[60]:.2f} times the seconds")
    return share[60] < 0.1 and monitors[120] < 1.15 * monitors[60]


def _dearest(spent: dict[int, list[dict[str, float]]]) -> Table:
    """The nodes that take most with the longer history, beside what they take with the shorter."""
    table = Table(title="The dearest nodes, database seconds, medians", title_justify="left")
    table.add_column("node")
    for days in spent:
        table.add_column(f"{days} days", justify="right")
    medians = {
        days: {
            node: statistics.median(build.get(node, 0) for build in builds) for node in set().union(*builds)
        }
        for days, builds in spent.items()
    }
    longest = medians[max(medians)]
    for node in sorted(longest, key=longest.__getitem__, reverse=True)[:_DEAREST]:
        table.add_row(node, *(f"{medians[days].get(node, 0):.2f}" for days in spent))
    return table

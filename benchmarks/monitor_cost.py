"""What the monitors cost: database seconds of an hourly build, told by the server's own log, node by node."""

import re
import statistics
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.monitor_ground import Ground
from benchmarks.monitor_series import Load, Record, Series
from sandbox.throwaway import breakable_cluster

MONITORS = re.compile(r"(measured|judged|monitors?_)")
_STATEMENT = re.compile(r"@(\w+) LOG:  duration: ([\d.]+) ms  statement: /\* \{[^}]*\"node\": \"([^\"]+)\"")
HOURS = 3
_DEAREST = 12
BRANCHES, ORDERS = 1000, (2, 6)


def cost(folder: Path, console: Console) -> bool:
    """Builds two histories, then some hours on each in turns. True where the promises are kept."""
    with breakable_cluster("256MB") as cluster:
        server = cluster.server()
        histories = {days: Ground.prepare(server, f"days_{days}", folder) for days in (60, 120)}
        series = {days: Series(1, branches=BRANCHES, days=days + 1, orders=ORDERS) for days in histories}
        taken = {}
        for days, ground in histories.items():
            console.print(f"[dim]a history of {days} days[/dim]")
            ground.take(
                [Load(0, 0, series[days].committed_at(0, 0), _branches())], first_id=1, stream="branches"
            )
            loads = [load for day in range(days) for load in series[days].loads(day, _sold)]
            ground.take(loads, first_id=2)
            taken[days] = 1 + len(loads)
            ground.dbt("run", "--selector", "smartpizza")
            with ground.connect() as connection:
                connection.execute("alter role transformer set log_min_duration_statement = 0")
        spent: dict[int, list[dict[str, float]]] = defaultdict(list)
        for hour in range(HOURS):
            # The hours of the evening: the day that is measured again is nearly whole.
            for days, ground in histories.items():
                loads = [
                    load
                    for load in series[days].loads(days, _sold)
                    if load.hour < 18 + hour and (hour == 0 or load.hour == 17 + hour)
                ]
                ground.take(loads, first_id=taken[days] + 1)
                taken[days] += len(loads)
                offset = cluster.log.stat().st_size
                ground.dbt("build", "--selector", "smartpizza")
                if hour > 0:
                    spent[days].append(_seconds(cluster.log, offset, ground.name))
    return _told(spent, console)


def _branches() -> list[Record]:
    """A full list of the branches."""
    return [
        {
            "branch_id": number,
            "name": f"Branch {number}",
            "region": "north",
            "country": "IE",
            "city": "Dublin",
            "timezone": "UTC",
            "currency": "EUR",
            "opened_on": "2020-01-01",
            "closed_on": None,
        }
        for number in range(1, BRANCHES + 1)
    ]


def _sold(records: list[Record]) -> list[Record]:
    """Orders with what the marts read of them: a line, a payment, a timeline."""
    for record in records:
        placed, total = record["placed_at"], record["total"]
        record["items"] = [
            {
                "line_id": 1,
                "kind": "drink",
                "sku": "cola_05",
                "quantity": 1,
                "unit_price": total,
                "discount": "0.00",
                "tax": "0.00",
                "modifiers": [],
            }
        ]
        record["payments"] = [
            {
                "payment_id": f"pay_{record['order_id']}",
                "method": "card",
                "amount": total,
                "status": "captured",
                "captured_at": placed,
            }
        ]
        record["status_history"] = [
            {"status": "placed", "at": placed},
            {"status": record["status"], "at": record["updated_at"]},
        ]
    return records


def _seconds(log: Path, offset: int, database: str) -> dict[str, float]:
    """Database seconds by node since `offset` of the log."""
    with log.open(encoding="utf-8", errors="replace") as lines:
        lines.seek(offset)
        seconds: dict[str, float] = defaultdict(float)
        for found in _STATEMENT.finditer(lines.read()):
            if found[1] == database:
                seconds[found[3]] += float(found[2]) / 1000
    return seconds


def _told(spent: dict[int, list[dict[str, float]]], console: Console) -> bool:
    table = Table(
        title=f"An hourly build of {BRANCHES:,} branches, database seconds, medians", title_justify="left"
    )
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

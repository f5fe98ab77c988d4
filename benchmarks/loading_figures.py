"""The figures of the loading benchmark: medians a contestant, and their ratio to the first, the limit."""

import json
import statistics
from dataclasses import asdict

from rich.table import Table

from benchmarks.contestant import Contestant, Cost

_HEADINGS = ("", "records", "seconds", "rows/s", "MB/s", "x limit", "wall s", "CPU s/million", "peak MB")


class Figures:
    """Costs by contestant, and who was left out and why."""

    def __init__(self, record_bytes: int) -> None:
        self.left_out: dict[str, str] = {}
        self._record_bytes = record_bytes
        self._contestants: dict[str, Contestant] = {}
        self._costs: dict[str, list[Cost]] = {}

    def add(self, contestant: Contestant, cost: Cost) -> None:
        """One run more."""
        self._contestants[contestant.name] = contestant
        self._costs.setdefault(contestant.name, []).append(cost)

    def medians(self) -> dict[str, dict[str, float]]:
        """Median figures by name. `times_limit` compares seconds a record; the limit itself has 1."""
        found = {name: self._median(name) for name in self._costs}
        best = next(iter(found.values()), {"rows_per_second": 0.0})["rows_per_second"]
        return {name: each | {"times_limit": best / each["rows_per_second"]} for name, each in found.items()}

    def table(self) -> Table:
        """The table for people."""
        rounds = max(map(len, self._costs.values()), default=0)
        title = f"Orders of {self._record_bytes} bytes into raw; medians of {rounds}, side by side"
        table = Table(title=title, title_justify="left")
        for heading in _HEADINGS:
            table.add_column(heading, justify="right" if heading else "left")
        for name, each in self.medians().items():
            table.add_row(
                name,
                f"{each['records']:,.0f}",
                f"{each['seconds']:.2f}",
                f"{each['rows_per_second']:,.0f}",
                f"{each['megabytes_per_second']:.1f}",
                f"{each['times_limit']:.2f}",
                f"{each['wall_seconds']:.2f}",
                f"{each['cpu_seconds_per_million']:.2f}",
                f"{each['peak_megabytes']:.0f}",
            )
        return table

    def as_json(self) -> str:
        """Medians, every run, and who was left out."""
        runs = {name: [asdict(cost) for cost in costs] for name, costs in self._costs.items()}
        told = {"record_bytes": self._record_bytes, "medians": self.medians(), "runs": runs}
        return json.dumps(told | {"left_out": self.left_out}, indent=2) + "\n"

    def _median(self, name: str) -> dict[str, float]:
        costs, records = self._costs[name], self._contestants[name].records
        seconds = statistics.median(cost.seconds for cost in costs)
        cpu_seconds = statistics.median(cost.cpu_seconds for cost in costs)
        return {
            "records": records,
            "seconds": seconds,
            "rows_per_second": records / seconds,
            "megabytes_per_second": records * self._record_bytes / seconds / 1e6,
            "wall_seconds": statistics.median(cost.wall_seconds for cost in costs),
            "cpu_seconds_per_million": cpu_seconds / records * 1e6,
            "peak_megabytes": statistics.median(cost.peak_bytes for cost in costs) / 1e6,
        }

"""Does an increment cost what is new, or what is there?

One company has a history of some days, one of ten times as many. Both take the same number of days after
that, in turns, so that noise is shared. Prints the medians of the seconds of `extract run` and
`dbt build` and their ratio (the promise: at most 1.5).
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table

from extract.migrate import initialise
from extract.roles import ROLES
from sandbox.databases import create_database
from sandbox.postgres import Server
from sandbox.smartpizza import Config, RunningApi, serve
from sandbox.throwaway import throwaway_cluster

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "benchmark"  # noqa: S105 - of a throw-away database on loopback


@dataclass
class Company:
    """A database with a history, and its API. Seconds are wall-clock time, one entry an increment."""

    name: str
    server: Server
    api: RunningApi
    folder: Path
    extract_seconds: list[float] = field(default_factory=list)
    build_seconds: list[float] = field(default_factory=list)

    def prepare(self) -> None:
        """Makes the database and takes the history."""
        with psycopg.connect(self.server.conninfo(), autocommit=True) as connection:
            create_database(connection, self.name)
        initialise(self.server.conninfo(self.name), dict.fromkeys(ROLES, PASSWORD))
        self.folder.mkdir()
        (self.folder / "extract.toml").write_text(f'[sources.smartpizza]\nbase_url = "{self.api.url}"\n')
        self.extract()
        self.build()

    def increment(self) -> None:
        """One day more."""
        self.api.advance(days=1)
        self.extract_seconds.append(self.extract())
        self.build_seconds.append(self.build())

    def extract(self) -> float:
        return self._run("extractor", [sys.executable, "-m", "extract", "run", "smartpizza"])

    def build(self) -> float:
        dbt = str(Path(sys.executable).with_name("dbt"))
        return self._run("transformer", [dbt, "build", "--selector", "smartpizza", "--quiet"])

    def _run(self, role: str, command: list[str]) -> float:
        env = {
            **os.environ,
            **self.server.env(self.name),
            "PGUSER": role,
            "PGPASSWORD": PASSWORD,
            "EXTRACT_CONFIG": str(self.folder / "extract.toml"),
            "SMARTPIZZA_TOKEN": self.api.token,
            "DBT_PROJECT_DIR": str(ROOT / "dbt_project"),
            "DBT_PROFILES_DIR": str(ROOT / "profiles"),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }
        started = time.monotonic()
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own commands
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--branches", type=int, default=20)
    parser.add_argument("--days", type=int, default=3, help="days of the short history")
    parser.add_argument("--increments", type=int, default=5)
    options = parser.parse_args()
    console = Console()
    with ExitStack() as stack:
        server = stack.enter_context(throwaway_cluster("256MB"))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        companies = []
        for name, days in (("short", options.days), ("long", 10 * options.days)):
            api = stack.enter_context(serve(Config(branches=options.branches, days=days)))
            companies.append(Company(name, server, api, folder / name))
        for company in companies:
            console.print(f"[dim]taking the {company.name} history[/dim]")
            company.prepare()
        for number in range(options.increments):
            console.print(f"[dim]increment {number + 1} of {options.increments}[/dim]")
            for company in companies:
                company.increment()
        console.print(figures(*companies, days=options.days, branches=options.branches))


def figures(short: Company, long: Company, *, days: int, branches: int) -> Table:
    """The table of medians and ratios."""
    title = f"An increment of one day, {branches} branches; medians of {len(short.build_seconds)}, seconds"
    table = Table(title=title, title_justify="left")
    for heading in ("step", f"history {days} days", f"history {10 * days} days", "ratio"):
        table.add_column(heading, justify="left" if heading == "step" else "right")
    totals = [
        [e + b for e, b in zip(company.extract_seconds, company.build_seconds, strict=True)]
        for company in (short, long)
    ]
    for step, one, ten in (
        ("extract run", short.extract_seconds, long.extract_seconds),
        ("dbt build", short.build_seconds, long.build_seconds),
        ("both", *totals),
    ):
        a, b = statistics.median(one), statistics.median(ten)
        table.add_row(step, f"{a:.2f}", f"{b:.2f}", f"{b / a:.2f}")
    return table


if __name__ == "__main__":
    main()

"""`make demo`: loads two weeks of SmartPizza and three of Binance, builds the marts, and then one day more."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from rich.console import Console
from rich.table import Table

from sandbox.env_files import read_env_file
from sandbox.state import State, project_root, state_dir

BRANCHES, DAYS = 20, 14
PIPELINES = ("smartpizza", "binance")

Env = dict[str, str]


class StepFailedError(Exception):
    """A command of the demo ended with another code than 0. `code` is its exit code."""

    def __init__(self, title: str, code: int) -> None:
        super().__init__(f"{title} ended with exit code {code}; its output is above")
        self.code = code


@dataclass
class Round:
    """What one extract and one build did. Seconds are wall-clock time."""

    title: str
    extract_seconds: float = 0.0
    build_seconds: float = 0.0
    peak_memory_mb: float = 0.0
    records: dict[str, int] = field(default_factory=dict)
    rejected: int = 0
    quarantined: int = 0
    models: int = 0
    tests: int = 0
    warnings: int = 0
    orders: int = 0
    candles: int = 0


def main() -> int:
    """Runs the demo. Returns the exit code: 0, or that of the step that failed."""
    console = Console()
    try:
        rounds = play(console)
    except StepFailedError as failed:
        console.print(f"[red]demo: {failed}[/red]")
        return failed.code
    console.print(summary(rounds))
    console.print(where_next(), markup=False, highlight=False, soft_wrap=True)
    return 0


def play(console: Console) -> list[Round]:
    """Both rounds, in order. Raises StepFailedError."""
    started = time.monotonic()
    up = sandbox("up", "--branches", BRANCHES, "--days", DAYS)
    step(console, "start Postgres and the simulated APIs", up, {})
    step(console, "apply migrations, roles and partitions", extract("init"), role_env("admin"))
    rounds = [play_round(console, "what is there")]
    step(console, "move the clocks one day", sandbox("clock", "advance", 1), {})
    rounds.append(play_round(console, "one day later"))
    page = extract("report", "--out", str(state_dir() / "report.html"))
    step(console, "write the report", page, role_env("reporter"))
    console.print(f"[dim]both rounds took {time.monotonic() - started:.0f} s[/dim]")
    return rounds


def play_round(console: Console, title: str) -> Round:
    """One `extract run` and one `dbt build`, then what the ledger says of them. Raises StepFailedError."""
    done = Round(title)
    with ledger() as connection:
        since = scalar(connection, "select clock_timestamp()")
    for name in PIPELINES:
        load = extract("run", name)
        done.extract_seconds += step(console, f"extract {name}: {title}", load, role_env("extractor"))
        build = [bin_path("dbt"), "build", "--selector", name, "--quiet"]
        done.build_seconds += step(console, f"dbt build {name}: {title}", build, role_env("transformer"))
    shared = [bin_path("dbt"), "build", "--selector", "quality", "--quiet"]
    done.build_seconds += step(console, f"dbt build quality: {title}", shared, role_env("transformer"))
    read_ledger(done, since)
    return done


def read_ledger(done: Round, since: datetime) -> None:
    """Fills in what was written to the ledger after `since`."""
    with ledger() as connection:
        rows = connection.execute(
            """
            select source || '.' || stream, sum(records)::bigint, sum(dead_letters)::bigint
            from ops.loads where committed_at >= %s group by source, stream order by source, stream
            """,
            [since],
        ).fetchall()
        done.records = {stream: records for stream, records, _ in rows}
        done.rejected = sum(dead for _, _, dead in rows)
        peak = scalar(connection, "select max(peak_memory_bytes) from ops.runs where started_at >= %s", since)
        done.peak_memory_mb = (peak or 0) / 1e6
        counts = connection.execute(
            """
            select
                count(*) filter (where resource_type = 'model'),
                count(*) filter (where resource_type = 'test'),
                count(*) filter (where status = 'warn')
            from ops.dbt_results where recorded_at >= %s
            """,
            [since],
        ).fetchone()
        done.models, done.tests, done.warnings = counts or (0, 0, 0)
        done.orders = scalar(connection, "select count(*) from marts.fct_orders")
        done.candles = scalar(connection, "select count(*) from marts.fct_ohlcv")
        done.quarantined = scalar(connection, "select count(*) from quarantine.quarantine_smartpizza__orders")


def summary(rounds: list[Round]) -> Table:
    """A table with a column a round."""
    table = Table(
        title=f"SmartPizza: {BRANCHES} branches, from {DAYS} days of history on; Binance: 4 symbols",
        title_justify="left",
    )
    table.add_column("")
    for done in rounds:
        table.add_column(done.title, justify="right")
    for stream in sorted({stream for done in rounds for stream in done.records}):
        table.add_row(f"records: {stream}", *(f"{done.records.get(stream, 0):,}" for done in rounds))
    table.add_section()
    table.add_row("rejected (dead letters)", *(f"{done.rejected:,}" for done in rounds))
    table.add_row("orders in quarantine", *(f"{done.quarantined:,}" for done in rounds))
    table.add_row("orders in marts.fct_orders", *(f"{done.orders:,}" for done in rounds))
    table.add_row("candles in marts.fct_ohlcv", *(f"{done.candles:,}" for done in rounds))
    table.add_section()
    table.add_row("models built", *(str(done.models) for done in rounds))
    table.add_row(
        "tests passed (warned)", *(f"{done.tests - done.warnings} ({done.warnings})" for done in rounds)
    )
    table.add_row("extract, seconds", *(f"{done.extract_seconds:.1f}" for done in rounds))
    table.add_row("extract, peak memory in MB", *(f"{done.peak_memory_mb:.0f}" for done in rounds))
    table.add_row("dbt build, seconds", *(f"{done.build_seconds:.1f}" for done in rounds))
    return table


def where_next() -> str:
    """What a newcomer may look at, with commands that work as they stand."""
    env = os.path.relpath(state_dir() / "env")
    query = "table marts.fct_branch_daily_sales limit 10"
    return (
        "Where to look next:\n"
        f"  the marts        source {env} && psql -c '{query}'\n"
        f"  the ledger       source {env}.extractor && .venv/bin/extract status\n"
        f"  how things stand {os.path.relpath(state_dir() / 'report.html')}, in a browser\n"
        "  the lineage      make docs\n"
        f"  build by hand    source {env}.transformer && cd dbt_project && ../.venv/bin/dbt build\n"
        "  stop it all      make stop"
    )


def step(console: Console, title: str, command: list[str], env: Env) -> float:
    """Runs a command, shows its output where it fails, returns its seconds. Raises StepFailedError."""
    started = time.monotonic()
    with console.status(title):
        done = subprocess.run(  # noqa: S603 - our own commands
            command,
            env={**os.environ, **env},
            cwd=project_root(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    seconds = time.monotonic() - started
    if done.returncode != 0:
        console.print(done.stdout, markup=False, highlight=False, soft_wrap=True)
        raise StepFailedError(title, done.returncode)
    console.print(f"{title} [dim]{seconds:.1f} s[/dim]", highlight=False, soft_wrap=True)
    return seconds


def sandbox(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "sandbox", *map(str, arguments)]


def extract(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "extract", *arguments]


def bin_path(name: str) -> str:
    """A command of the same virtual environment."""
    return str(Path(sys.executable).with_name(name))


def role_env(role: str) -> Env:
    """The environment that the sandbox keeps for a role."""
    return read_env_file(State(state_dir()).env_file(role))


def ledger() -> psycopg.Connection:
    """A connection of the sandbox's administrator, for reading the ledger."""
    env = role_env("admin")
    return psycopg.connect(
        host=env["PGHOST"],
        port=env["PGPORT"],
        user=env["PGUSER"],
        password=env["PGPASSWORD"],
        dbname=env["PGDATABASE"],
        autocommit=True,
    )


def scalar(connection: psycopg.Connection, query: LiteralString, *parameters: object) -> Any:
    """The first column of the first row."""
    row = connection.execute(query, parameters or None).fetchone()
    return row[0] if row else None


if __name__ == "__main__":
    sys.exit(main())

"""Ten symbols of 15-minute candles over 6.5 years: how fast into the marts, and what does the next hour cost?

One market has the whole history, one a tenth of it. Both take the same hours after that, in turns, so that noise is
shared. Prints what the histories cost, then the medians of the increments and their ratio (the promise: at most 1.5).
With --budget, what a pull takes under 1,200 units a minute of which a neighbour behind the same address uses a
changing share, against the least that the neighbour left possible. It runs in real time: about ten minutes.
"""

import argparse
import datetime as dt
import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table

from benchmarks.measure import ROOT, CommandFailedError, Usage, measured
from extract.migrate import initialise
from extract.roles import ROLES
from sandbox.binance.config import BinanceConfig, Limits, Neighbour
from sandbox.binance.running import RunningBinance, served
from sandbox.databases import create_database
from sandbox.postgres import Server
from sandbox.throwaway import throwaway_cluster

PASSWORD = "benchmark"  # noqa: S105 - of a throw-away database on loopback
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
QUARTER = dt.timedelta(minutes=15)
PER_MINUTE = 1200
# A page of 1,000 candles costs 2 of the budget.
PAGE, WEIGHT = 1000, 2


@dataclass
class Market:
    """A database and the API that it is filled from. Costs come one an increment, seconds are wall-clock time."""

    name: str
    server: Server
    api: RunningBinance
    folder: Path
    symbols: tuple[str, ...]
    since: dt.datetime
    history: dict[str, Usage] = field(default_factory=dict)
    pages: list[float] = field(default_factory=list)
    extract_seconds: list[float] = field(default_factory=list)
    build_seconds: list[float] = field(default_factory=list)

    def prepare(self, budget: int | None = None) -> None:
        """Makes the database and the config file, without a limit unless there is a `budget`."""
        with psycopg.connect(self.server.conninfo(), autocommit=True) as connection:
            create_database(connection, self.name)
        initialise(self.server.conninfo(self.name), dict.fromkeys(ROLES, PASSWORD))
        self.folder.mkdir()
        section = [
            "[run]\nparallel = 4\n[database]\npool_size = 8\n[sources.binance]",
            f'base_url = "{self.api.url}"',
            f"symbols = {list(self.symbols)}",
            f'start = "{self.since.isoformat()}"',
            "max_skew_seconds = 1_000_000_000",
            f"[sources.binance.budget]\nper_minute = {budget or 1_000_000}",
        ]
        (self.folder / "extract.toml").write_text("\n".join(section) + "\n", encoding="utf-8")

    def take_history(self) -> None:
        """The first extract and the first build."""
        self.history = {"extract run": self.extract(), "dbt build": self.build()}

    def increment(self) -> None:
        """One hour more."""
        self.api.advance(hours=1)
        before = self._klines_pages()
        self.extract_seconds.append(self.extract().wall_seconds)
        self.pages.append((self._klines_pages() - before) / len(self.symbols))
        self.build_seconds.append(self.build().wall_seconds)

    def extract(self, *options: str) -> Usage:
        command = [sys.executable, "-m", "extract", "run", "binance", *options]
        return measured(command, env=self._env("extractor"), seconds=3600)

    def build(self) -> Usage:
        dbt = str(Path(sys.executable).with_name("dbt"))
        command = [dbt, "build", "--selector", "binance", "--quiet"]
        return measured(command, env=self._env("transformer"), seconds=3600)

    def count(self, table: str) -> int:
        """Rows of a table."""
        with psycopg.connect(self.server.conninfo(self.name)) as connection:
            row = connection.execute(f"select count(*) from {table}").fetchone()  # noqa: S608 - names of ours
        return int(row[0]) if row else 0

    def _klines_pages(self) -> int:
        return sum(each["pages"] for name, each in self.api.served().items() if name.startswith("klines/"))

    def _env(self, role: str) -> dict[str, str]:
        return {
            **self.server.env(self.name),
            "PGUSER": role,
            "PGPASSWORD": PASSWORD,
            "EXTRACT_CONFIG": str(self.folder / "extract.toml"),
            "DBT_PROJECT_DIR": str(ROOT / "dbt_project"),
            "DBT_PROFILES_DIR": str(ROOT / "profiles"),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbols", type=int, default=10)
    parser.add_argument("--candles", type=int, default=228_000, help="a symbol, in the long history")
    parser.add_argument("--increments", type=int, default=5)
    parser.add_argument("--budget", action="store_true", help="only the pull under a shared budget")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120)
    symbols = tuple(f"{letter}{letter}{letter}USDT" for letter in "ABCDEFGHIJKLMNOPQRST"[: options.symbols])
    with ExitStack() as stack:
        server = stack.enter_context(throwaway_cluster("256MB"))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))

        def market(name: str, candles: int, **limits: object) -> Market:
            since = NOW - candles * QUARTER
            config = BinanceConfig(symbols=symbols, since=since, now=NOW, **limits)  # type: ignore[arg-type]
            api = stack.enter_context(served(config))
            return Market(name, server, api, folder / name, symbols, since)

        try:
            if options.budget:
                limits = Limits(weight_per_minute=PER_MINUTE)
                neighbour = Neighbour(low=0.1, high=0.7)
                pull(market("pull", options.candles, limits=limits, neighbour=neighbour, rate=1.0), console)
            else:
                markets = [market("tenth", options.candles // 10), market("whole", options.candles)]
                compare(*markets, increments=options.increments, console=console)
        except CommandFailedError as error:
            raise SystemExit(str(error)) from None


def compare(tenth: Market, whole: Market, *, increments: int, console: Console) -> None:
    """Both histories, then increments in turns."""
    for market in (tenth, whole):
        console.print(f"[dim]taking the {market.name} history[/dim]")
        market.prepare()
        market.take_history()
    for number in range(increments):
        console.print(f"[dim]increment {number + 1} of {increments}[/dim]")
        for market in (tenth, whole):
            market.increment()
    console.print(histories(tenth, whole), figures(tenth, whole))


def histories(*markets: Market) -> Table:
    """What the first extract and the first build cost."""
    table = Table(title="The history, from the API to the marts", title_justify="left")
    for heading in ("", "candles", "step", "seconds", "candles/s", "CPU s", "peak MB"):
        table.add_column(heading, justify="left" if heading in ("", "step") else "right")
    for market in markets:
        candles = market.count("marts.fct_ohlcv")
        for step, used in market.history.items():
            table.add_row(
                market.name,
                f"{candles:,}",
                step,
                f"{used.wall_seconds:.1f}",
                f"{candles / used.wall_seconds:,.0f}",
                f"{used.cpu_seconds:.1f}",
                f"{used.peak_bytes / 1e6:.0f}",
            )
    return table


def figures(tenth: Market, whole: Market) -> Table:
    """Medians of the increments and their ratios."""
    title = f"The next hour; medians of {len(whole.build_seconds)}, seconds"
    table = Table(title=title, title_justify="left")
    for heading in ("step", "a tenth of the history", "the whole", "ratio"):
        table.add_column(heading, justify="left" if heading == "step" else "right")
    for step, one, ten in (
        ("extract run", tenth.extract_seconds, whole.extract_seconds),
        ("dbt build", tenth.build_seconds, whole.build_seconds),
        ("pages of candles a symbol", tenth.pages, whole.pages),
    ):
        a, b = statistics.median(one), statistics.median(ten)
        table.add_row(step, f"{a:.2f}", f"{b:.2f}", f"{b / a:.2f}")
    return table


def pull(market: Market, console: Console) -> None:
    """A pull under a budget, against the least that the neighbour left possible."""
    market.prepare(PER_MINUTE)
    begun = market.api.now
    used = market.extract("--stream", "klines")
    ended = market.api.now
    told = market.api.limits()
    weight = sum(each["weight"] for each in told["minutes"])
    taken = (ended - begun).total_seconds()
    least = least_seconds(market.api, begun, weight)
    table = Table(title=f"A pull of {market.count('raw.binance__klines'):,} candles", title_justify="left")
    for heading in ("weight", "seconds", "at least", "ratio", "429", "418", "calls in a ban", "peak MB"):
        table.add_column(heading, justify="right")
    table.add_row(
        f"{weight:,}",
        f"{taken:.0f}",
        f"{least:.0f}",
        f"{taken / least:.2f}",
        str(told["too_many"]),
        str(told["banned"]),
        str(len(told["calls_in_ban"])),
        f"{used.peak_bytes / 1e6:.0f}",
    )
    console.print(table)
    for each in told["minutes"]:
        console.print(f"  minute {each['at']}: ours {each['weight']}, the neighbour's {each['neighbour']}")


def least_seconds(api: RunningBinance, begun: dt.datetime, weight: int) -> float:
    """How long `weight` takes who uses at once, from `begun` on, all that the neighbour leaves of each minute."""
    neighbours = {each["at"] // 60_000: each["neighbour"] for each in api.limits()["minutes"]}
    minute = int(begun.timestamp()) // 60
    seconds = 0.0
    while True:
        left = PER_MINUTE - neighbours.get(minute, 0)
        if weight <= left:
            return seconds
        weight -= left
        minute += 1
        seconds = minute * 60 - begun.timestamp()


if __name__ == "__main__":
    main()

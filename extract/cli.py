"""The command line: arguments and exit codes, nothing else."""

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from extract.check import check_all
from extract.database import connect, database_errors, open_pool
from extract.erase import erase as erase_persons
from extract.errors import ConfigurationError, Exit, ExtractError, one_line
from extract.failure import written_down
from extract.migrate import initialise
from extract.pipeline import IfHeld, RunResult, assert_migrated, chosen_streams, run_source
from extract.roles import ROLES
from extract.settings import load_settings
from extract.signals import stop_on_signals
from extract.source import Source
from extract.sources import all_sources
from extract.status import read_status, run_lines, status_table

app = typer.Typer(
    name="extract",
    help="Page JSON records out of HTTP APIs and land each one, as it came, in Postgres.",
    epilog="Postgres is found by libpq's environment (PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE), "
    "settings in extract.toml, tokens in <SOURCE>_TOKEN or <SOURCE>_TOKEN_FILE. "
    "Exit codes: 0 done, 1 failed, 2 usage or configuration, 75 source or database unreachable, "
    "76 another run holds the lease, 130/143 stopped by a signal.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Config = Annotated[
    Path | None,
    typer.Option(help="Config file; else EXTRACT_CONFIG names it, else ./extract.toml where there is one."),
]
Sources = Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Names of sources.")]
AnySources = Annotated[list[str] | None, typer.Argument(metavar="[SOURCE...]", help="All when left out.")]


@app.command(epilog="Example: PGUSER=admin PGPASSWORD=... EXTRACTOR_PASSWORD=... extract init")
def init() -> None:
    """Create roles, schemas, tables and partitions; repeat it after each upgrade.

    Connects as an administrator. EXTRACTOR_PASSWORD, TRANSFORMER_PASSWORD, MAINTAINER_PASSWORD and
    REPORTER_PASSWORD are the passwords the four roles get.
    """
    passwords = {role: os.environ.get(f"{role.upper()}_PASSWORD", "") for role in ROLES}
    with database_errors():
        initialise("", passwords)
    typer.echo("database initialised")


@app.command(epilog="Example: extract check smartpizza")
def check(sources: AnySources = None, config: Config = None) -> None:
    """Look whether config, database, tokens and APIs are in order; changes nothing."""
    settings = load_settings(config)
    findings = check_all(settings, _named(sources or sorted(all_sources())))
    for finding in findings:
        typer.echo(
            f"{'ok  ' if finding.exit_code is Exit.DONE else 'FAIL'} {finding.subject}: {finding.message}"
        )
    raise typer.Exit(_worst([finding.exit_code for finding in findings]))


@app.command(epilog="Example: extract run smartpizza --stream orders --if-held skip")
def run(
    sources: Sources,
    stream: Annotated[list[str] | None, typer.Option(help="Only this stream; may be repeated.")] = None,
    if_held: Annotated[IfHeld, typer.Option(help="When another run holds a stream.")] = IfHeld.FAIL,
    config: Config = None,
) -> None:
    """Load what is new in each source, going on where the last run stopped.

    Rows, resume position and ledger row of a load commit together: a run that is killed loses and doubles
    nothing. Tells on a terminal by progress bars, elsewhere by one JSON line an event.
    """
    with written_down(", ".join(sources), "run"):
        settings = load_settings(config)
        work = [(source, chosen_streams(source, settings, stream or ())) for source in _named(sources)]
        results: list[RunResult] = []
        with open_pool(settings.database) as pool:
            assert_migrated(pool)
            for source, streams in work:
                results.append(run_source(pool, settings, source, streams, if_held))
    for result in results:
        if sys.stdout.isatty():
            Console().print(_summary(result))
        if result.error:
            typer.echo(f"extract: {result.source}: {result.error}", err=True)
    raise typer.Exit(_worst([result.exit_code for result in results]))


@app.command(epilog="Example: extract status --json")
def status(
    sources: AnySources = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Show how each stream stands and how the last runs ended."""
    with connect() as connection, database_errors():
        connection.execute("set timezone = 'UTC'")
        found = read_status(connection, _named(sources or sorted(all_sources())))
    if as_json:
        typer.echo(json.dumps(found.as_dict(), default=str))
        return
    terminal = sys.stdout.isatty()
    Console(width=None if terminal else 200, soft_wrap=not terminal).print(status_table(found))
    for line in run_lines(found):
        typer.echo(line)


@app.command(epilog="Example: PGUSER=maintainer PGPASSWORD=... extract erase smartpizza")
def erase(source: Annotated[str, typer.Argument(metavar="SOURCE", help="Name of a source.")]) -> None:
    """Redact, in raw and in dead letters, the persons whose erasure the source has announced.

    Connects as role maintainer. Repeat it after each run: records that came after an erasure are found too.
    """
    (declared,) = _named([source])
    with connect() as connection, database_errors():
        done = erase_persons(connection, declared)
    typer.echo(
        f"{source}: {done.subjects} new erasures; redacted {done.raw_records} raw records and "
        f"{done.dead_letters} dead letters"
    )


def main() -> NoReturn:
    """Runs the command line and leaves with its exit code; an error is one line on standard error."""
    signals = stop_on_signals()
    code: int | str | None
    try:
        app()
        code = Exit.DONE
    except SystemExit as done:
        code = done.code
    except ExtractError as error:
        typer.echo(f"extract: {error}", err=True)
        code = error.exit_code
    except Exception as error:
        traceback.print_exc()
        typer.echo(f"extract: unexpected {type(error).__name__}: {one_line(str(error))}", err=True)
        code = Exit.FAILED
    if signals.received is not None:
        typer.echo(f"extract: {signals.received}", err=True)
        code = signals.received.exit_code
    sys.exit(code)


def _named(names: list[str]) -> list[Source]:
    """The sources called `names`, each once. Raises ConfigurationError for an unknown one."""
    known = all_sources()
    for name in names:
        if name not in known:
            raise ConfigurationError(f"unknown source {name!r}; valid sources: {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)]


def _worst(codes: list[int]) -> int:
    """Of several failures the smallest code: 75 and 76 invite to try again, 1 and 2 do not."""
    return min((int(code) for code in codes if code), default=int(Exit.DONE))


def _summary(result: RunResult) -> Table:
    table = Table(
        "stream", "records", "dead letters", "pages", "MB", "loads", "seconds", "watermark", box=None
    )
    for stream in result.streams:
        table.add_row(
            f"{result.source}.{stream.stream}",
            f"{stream.records:,}",
            str(stream.dead_letters),
            str(stream.pages),
            f"{stream.bytes / 1e6:.1f}",
            str(stream.loads),
            f"{stream.seconds:.1f}",
            stream.watermark or "-",
        )
    for name in result.skipped:
        table.add_row(f"{result.source}.{name}", "skipped", "", "", "", "", "", "")
    return table

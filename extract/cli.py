"""The command line: which commands there are, and the exit codes they leave with."""

import sys
import traceback
from typing import NoReturn

import typer

from extract.commands.analyze import analyze
from extract.commands.archive import archive
from extract.commands.audit import audit
from extract.commands.backfill import backfill
from extract.commands.check import check
from extract.commands.dead_letters import dead_letters
from extract.commands.docs import docs
from extract.commands.erase import erase
from extract.commands.init import init
from extract.commands.new_source import new_source
from extract.commands.partitions import partitions
from extract.commands.restore import restore
from extract.commands.run import run
from extract.commands.status import status
from extract.errors import Exit, ExtractError, one_line
from extract.signals import stop_on_signals

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


app.command(epilog="Example: PGUSER=admin PGPASSWORD=... EXTRACTOR_PASSWORD=... extract init")(init)
app.command(epilog="Example: extract check smartpizza")(check)
app.command(epilog="Example: extract run smartpizza --stream orders --if-held skip")(run)
app.command(epilog="Example: extract backfill smartpizza --from 2026-03-01 --to 2026-03-08 --shard 0/4")(
    backfill
)
app.command(epilog="Example: extract status --json")(status)
app.command(epilog="Example: PGUSER=maintainer PGPASSWORD=... extract erase smartpizza")(erase)
app.command(epilog="Example: PGUSER=maintainer PGPASSWORD=... extract partitions")(partitions)
app.command(epilog="Example: PGUSER=maintainer PGPASSWORD=... extract archive smartpizza --dry-run")(archive)
app.command(epilog="Example: extract restore smartpizza --day 2026-03-01 --to 2026-03-03")(restore)
app.command(epilog="Example: PGUSER=maintainer PGPASSWORD=... extract audit")(audit)
app.command(epilog="Example: PGUSER=maintainer PGPASSWORD=... extract analyze")(analyze)
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(docs, name="docs")
app.command(epilog="Example: extract new-source web_shop --url https://api.example.com/v1/orders")(new_source)


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

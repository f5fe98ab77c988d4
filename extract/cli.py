"""The command line: which commands there are, and the exit codes they leave with."""

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, NoReturn

import typer

from extract import log
from extract.errors import Exit, ExtractError, Stopped, one_line
from extract.signals import stop_on_signals

# Each command is what a file of its name in extract/commands/ calls by that name; with an example of its use.
_EXAMPLES = {
    "init": "PGUSER=admin PGPASSWORD=... EXTRACTOR_PASSWORD=... extract init",
    "check": "extract check smartpizza",
    "run": "extract run smartpizza --stream orders --if-held skip",
    "backfill": "extract backfill smartpizza --from 2026-03-01 --to 2026-03-08 --shard 0/4",
    "build": "PGUSER=transformer PGPASSWORD=... extract build smartpizza",
    "status": "extract status --json",
    "erase": "PGUSER=maintainer PGPASSWORD=... extract erase smartpizza",
    "partitions": "PGUSER=maintainer PGPASSWORD=... extract partitions",
    "archive": "PGUSER=maintainer PGPASSWORD=... extract archive smartpizza --dry-run",
    "restore": "extract restore smartpizza --day 2026-03-01 --to 2026-03-03",
    "analyze": "PGUSER=maintainer PGPASSWORD=... extract analyze",
    "audit": "PGUSER=maintainer PGPASSWORD=... extract audit",
    "report": "PGUSER=reporter PGPASSWORD=... extract report --out report.html",
    "docs": "PGUSER=transformer PGPASSWORD=... extract docs write site",
    "metrics": "PGUSER=reporter PGPASSWORD=... extract metrics --port 9399",
    "alert": "PGUSER=reporter PGPASSWORD=... ALERT_WEBHOOK_URL=... extract alert --dry-run",
    "dead-letters": "extract dead-letters list smartpizza --stream orders",
    "new-source": "extract new-source web_shop --url https://api.example.com/v1/orders",
}


def command_line(words: Sequence[str] = ()) -> typer.Typer:
    """The command line. Where its first word is a command, no other is imported: that halves the start of a run."""
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
    app.callback()(_choose)  # without it, a lone command would go without its name
    for name in [word for word in words if word in _EXAMPLES][:1] or _EXAMPLES:
        called = name.replace("-", "_")
        found = getattr(import_module(f"extract.commands.{called}"), called)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name, epilog=f"Example: {_EXAMPLES[name]}")(found)
    return app


def _choose(
    log_format: Annotated[
        log.LogFormat,
        typer.Option(
            envvar=log.VARIABLE,
            help="json: whatever is told, errors included, is one JSON line an event. auto: a run's and a build's "
            "events are that where nobody watches, and errors are one line for people.",
        ),
    ] = log.LogFormat.AUTO,
) -> None:
    log.choose(log_format)


def main() -> NoReturn:
    """Runs the command line and leaves with its exit code; an error is one line on standard error."""
    signals = stop_on_signals()
    code: int | str | None
    try:
        gc.disable()  # modules that load leave nothing to collect
        app = command_line(sys.argv[1:])
        gc.freeze()  # nor do they later: what is loaded by now is not looked at again, not even at the end
        gc.enable()
        app()
        code = Exit.DONE
    except SystemExit as done:
        code = done.code
    except ExtractError as error:
        code = error.exit_code
        log.tell_error(str(error), exit_code=int(code))
    except Stopped as stopped:  # while the command was being loaded; later ones end in a SystemExit
        code = stopped.exit_code
    except Exception as error:
        told = f"unexpected {type(error).__name__}: {one_line(str(error))}"
        log.tell_unexpected(error, told, exit_code=int(Exit.FAILED))
        code = Exit.FAILED
    if signals.received is not None:
        code = signals.received.exit_code
        log.tell_error(str(signals.received), exit_code=int(code))
    sys.exit(code)

"""`extract status`."""

import json
import sys

import typer
from rich.console import Console

from extract.commands.common import AnySources, AsJson, named
from extract.database import connect, database_errors
from extract.status import read_status, run_lines, status_table


def status(
    sources: AnySources = None,
    as_json: AsJson = False,
) -> None:
    """Show how each stream stands and how the last runs ended."""
    with connect() as connection, database_errors():
        connection.execute("set timezone = 'UTC'")
        found = read_status(connection, named(sources))
    if as_json:
        typer.echo(json.dumps(found.as_dict(), default=str))
        return
    terminal = sys.stdout.isatty()
    Console(width=None if terminal else 200, soft_wrap=not terminal).print(status_table(found))
    for line in run_lines(found):
        typer.echo(line)

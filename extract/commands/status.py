"""`extract status`."""

import json
import sys

import typer
from rich.console import Console

from extract.commands.common import AnySources, AsJson, named
from extract.database import connect, database_errors
from extract.status import read_status, run_lines, shape_table, status_table


def status(
    sources: AnySources = None,
    as_json: AsJson = False,
) -> None:
    """Show how each stream stands, which fields changed in the last 7 days, and how the last runs ended."""
    with connect() as connection, database_errors():
        connection.execute("set timezone = 'UTC'")
        found = read_status(connection, named(sources))
    if as_json:
        typer.echo(json.dumps(found.as_dict(), default=str))
        return
    terminal = sys.stdout.isatty()
    console = Console(width=None if terminal else 200, soft_wrap=not terminal)
    console.print(status_table(found))
    if found.schema_changes:
        console.print(shape_table(found))
    for line in run_lines(found):
        typer.echo(line)

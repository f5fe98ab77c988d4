"""`extract new-source`."""

from pathlib import Path
from typing import Annotated

import typer

from extract.credentials import advice
from extract.new_source import Written
from extract.new_source import new_source as write_source
from extract.new_source.wish import AuthKind, Wish
from extract.new_source.wish import wish as wish_for


def new_source(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it, such as web_shop.")],
    *,
    url: Annotated[str, typer.Option(help="A list of the API, such as https://api.example.com/v1/things.")],
    stream: Annotated[str | None, typer.Option(help="Name of the list; else the URL's last word.")] = None,
    key: Annotated[str | None, typer.Option(help="Field of the key; several with commas.")] = None,
    cursor: Annotated[
        str | None, typer.Option(help="FIELD or PARAMETER=FIELD to read incrementally by, or none.")
    ] = None,
    auth: Annotated[AuthKind, typer.Option(help="How the API knows its caller.")] = AuthKind.BEARER,
    key_header: Annotated[str, typer.Option(help="The header of an API key.")] = "X-API-Key",
    force: Annotated[bool, typer.Option("--force", help="Write over what is there.")] = False,
) -> None:
    """Look at an API once and write a source for it: declaration, fixture, dbt models, config section.

    Run it at the project's root. Sends one request, and one more for the second page, with the credential
    if it is in the environment: <NAME>_TOKEN, <NAME>_API_KEY, or <NAME>_USERNAME and <NAME>_PASSWORD.
    What looks personal is made up in the fixture.
    """
    wished = wish_for(name, url, stream=stream, key=key, cursor=cursor, auth=auth, key_header=key_header)
    _tell(wished, write_source(wished, Path.cwd(), force))


def _tell(wished: Wish, written: Written) -> None:
    typer.echo("guessed:")
    for guess in written.guesses:
        typer.echo(f"  {guess.subject}: {guess.choice} ({guess.why})")
    typer.echo("wrote:")
    for path in written.files:
        typer.echo(f"  {path}")
    typer.echo("  no test: tests/sources/test_every_source.py finds the source and its fixture by itself")
    doubts = [f"  {guess.subject}: {guess.doubt}" for guess in written.guesses if guess.doubt]
    if doubts:
        typer.echo("could not know:")
        for doubt in doubts:
            typer.echo(doubt)
    needed = wished.auth.variables
    credential = f"set {advice(wished.name, needed)}" if needed else "no credential to be set"
    steps = [
        credential + (", as now" if needed and written.has_credential else ""),
        "make lint test",
        "extract init                       as an administrator: creates the raw table",
        f"extract check {wished.name}",
        f"extract run {wished.name}",
        f"dbt build --select tag:{wished.name}",
    ]
    typer.echo("next:")
    for number, step in enumerate(steps, start=1):
        typer.echo(f"  {number}. {step}")

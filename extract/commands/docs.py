"""`extract docs`: write the pages, and serve them."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from extract.database import connect, database_errors
from extract.errors import ConfigurationError
from extract.sources import all_sources

docs = typer.Typer(
    help="Two pages for people without a shell: how things stand, and the lineage.", no_args_is_help=True
)
Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", file_okay=False, help="Where index.html and lineage.html stand.")
]


@docs.command(epilog="Example: PGUSER=transformer PGPASSWORD=... extract docs write site")
def write(folder: Folder) -> None:
    """Write both pages, each whole or not at all. Connects as role transformer."""
    # Not at the top: a run needs neither their memory nor their time.
    from extract.docs_site.lineage import lineage_page
    from extract.docs_site.standing import standing_page

    with connect() as connection, database_errors():
        connection.execute("set timezone = 'UTC'")
        standing = standing_page(connection, list(all_sources().values()), datetime.now(UTC))
    pages = {"lineage.html": lineage_page(), "index.html": standing}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, page in pages.items():
            fresh = folder / f".{name}.new"
            fresh.write_text(page, encoding="utf-8")
            os.replace(fresh, folder / name)
    except OSError as error:
        raise ConfigurationError(f"{error.filename or folder} cannot be written: {error.strerror}") from None
    typer.echo(f"wrote {', '.join(pages)} to {folder}")


@docs.command(epilog="Example: extract docs serve site --port 8080")
def serve(
    folder: Folder,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8080,
) -> None:
    """Serve both pages, and nothing else of the folder, until told to stop."""
    from extract.docs_site.serve import web_server

    try:
        server = web_server(folder, host, port)
    except OSError as error:
        raise ConfigurationError(f"cannot listen on {host} port {port}: {error.strerror}") from None
    with server:
        typer.echo(f"serving http://{host}:{server.server_port}/")
        server.serve_forever()

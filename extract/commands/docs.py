"""`extract docs`: write the pages, and serve them."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from extract.database import connect, database_errors
from extract.errors import ConfigurationError
from extract.whole_file import write_whole

docs = typer.Typer(
    help="A site of two pages for people without a shell: the report, and the lineage.", no_args_is_help=True
)
Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", file_okay=False, help="Where index.html and lineage.html stand.")
]


@docs.command(epilog="Example: PGUSER=transformer PGPASSWORD=... extract docs write site")
def write(
    folder: Folder,
    stale_after: Annotated[
        float, typer.Option(min=0.1, metavar="HOURS", help="When the report begins to call itself stale.")
    ] = 25,
) -> None:
    """Write both pages, each whole or not at all: the report, as `extract report` does, is index.html.

    Connects as role transformer.
    """
    # Not at the top: a run needs neither their memory nor their time.
    from extract.docs_site.lineage import lineage_page
    from extract.report_page.page import report_page

    with connect() as connection, database_errors():
        report = report_page(connection, timedelta(hours=stale_after), "lineage.html")
    pages = {"lineage.html": lineage_page(), "index.html": report}
    for name, page in pages.items():
        write_whole(folder / name, page)
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

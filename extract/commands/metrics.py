"""`extract metrics`."""

from typing import Annotated

import typer

from extract.commands.common import Config
from extract.errors import ConfigurationError
from extract.settings import load_settings


def metrics(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 9399,
    config: Config = None,
) -> None:
    """Serve the ledger's figures for Prometheus at /metrics, until told to stop. Connects as role reporter.

    Each scrape asks the views of schema ops; what is dear is asked every [metrics] keep_seconds. Where the database is
    away, the scrape says `elt_up 0` and goes on.
    """
    # Not at the top: no other command needs them.
    from extract.metrics.collector import LedgerCollector
    from extract.metrics.serve import web_server

    settings = load_settings(config)
    try:
        server = web_server(LedgerCollector(settings), host, port)
    except OSError as error:
        raise ConfigurationError(f"cannot listen on {host} port {port}: {error.strerror}") from None
    with server:
        typer.echo(f"serving http://{host}:{server.server_port}/metrics")
        server.serve_forever()

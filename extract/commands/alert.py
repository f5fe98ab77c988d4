"""`extract alert`."""

from typing import Annotated

import typer

from extract.alert.message import message, plain
from extract.alert.told import compare, read_told, remember
from extract.alert.trouble import open_troubles
from extract.alert.webhook import post, webhook_url
from extract.commands.common import Config
from extract.database import connect, database_errors
from extract.settings import load_settings


def alert(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print all that is wrong; tell nobody.")] = False,
    config: Config = None,
) -> None:
    """Tell a webhook what went wrong, got worse or is over since the last time, in one message. Role reporter.

    ALERT_WEBHOOK_URL or ALERT_WEBHOOK_URL_FILE says where, as Slack's incoming webhooks. What was told is not told
    again. A webhook that is away is exit code 75, and is told the next time.
    """
    settings = load_settings(config)
    url = None if dry_run else webhook_url()
    with connect(settings=settings.database) as connection, database_errors():
        open_now = open_troubles(connection, settings.metrics.disk_bytes)
        if url is None:
            lines = list(plain(compare(open_now, {})))
            typer.echo("\n".join(lines) if lines else "nothing is wrong")
            return
        with connection.transaction():
            changes = compare(open_now, read_told(connection))
            if changes:
                # Before it is written down: what nobody heard is told again.
                post(url, message(changes))
            remember(connection, open_now)
    typer.echo(
        f"told {len(changes.new)} new, {len(changes.worse)} worse, {len(changes.resolved)} resolved; "
        f"{len(open_now)} open"
    )

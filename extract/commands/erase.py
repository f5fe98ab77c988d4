"""`extract erase`."""

import typer

from extract.commands.common import OneSource, named
from extract.database import connect, database_errors
from extract.erase import erase as erase_persons


def erase(source: OneSource) -> None:
    """Redact, in raw and in dead letters, the persons whose erasure the source has announced.

    Connects as role maintainer. Repeat it after each run: records that came after an erasure are found too.
    """
    (declared,) = named([source])
    with connect() as connection, database_errors():
        done = erase_persons(connection, declared)
    typer.echo(
        f"{source}: {done.subjects} new erasures; redacted {done.raw_records} raw records and "
        f"{done.dead_letters} dead letters"
    )

"""`extract partitions`."""

from extract import log
from extract.commands.common import AnySources, named
from extract.database import connect, database_errors
from extract.partitions import DAYS_AHEAD, make_partitions


def partitions(sources: AnySources = None) -> None:
    """Make the daily partitions of raw for the days ahead, so that no load has to. Connects as role maintainer."""
    with connect() as connection, database_errors():
        connection.execute("set timezone = 'UTC'")
        made = make_partitions(connection, named(sources))
    log.tell(
        "partitions_made",
        f"made {made} partitions; there are some for each of the next {DAYS_AHEAD} days",
        partitions=made,
    )

"""`extract analyze`."""

from typing import Annotated

import typer

from extract import log
from extract.analyze import analyze as analyze_tables
from extract.analyze import bloated
from extract.database import connect, database_errors


def analyze(
    dead_share: Annotated[
        float, typer.Option(min=0.01, max=1, help="Tell tables of which this share of the rows is dead.")
    ] = 0.2,
) -> None:
    """Refresh the planner's statistics of raw and ops, and tell which tables carry many dead rows.

    Connects as role maintainer. dbt analyzes what it builds itself. Dead rows are told and change no exit code.
    """
    with connect() as connection, database_errors():
        done = sum(1 for _ in analyze_tables(connection))
        found = bloated(connection, dead_share)
    told = f"analyzed {done} tables; {len(found)} with at least {dead_share:.0%} dead rows"
    log.tell("analyzed", told, tables=done, bloated=len(found))
    for bloat in found:
        log.tell("bloat", str(bloat), "warning")

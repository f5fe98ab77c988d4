"""`extract report`."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from extract import log
from extract.database import connect, database_errors
from extract.whole_file import write_whole


def report(
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where the page is written.")] = Path(
        "report.html"
    ),
    docs_url: Annotated[
        str | None, typer.Option(help="Where the page that `extract docs` makes of the lineage is found.")
    ] = None,
    stale_after: Annotated[
        float, typer.Option(min=0.1, metavar="HOURS", help="When the page begins to call itself stale.")
    ] = 25,
) -> None:
    """Write one page that says how things stand: runs, lag, quality, monitors, what was set aside, cost, lineage.

    It needs no server and no other file, and each of its figures names the query that gives it. Connects as role
    reporter. Written whole or not at all.
    """
    # Not at the top: a run needs neither their memory nor their time.
    from extract.report_page.page import report_page

    with connect() as connection, database_errors():
        page = report_page(connection, timedelta(hours=stale_after), docs_url)
    write_whole(out, page)
    log.tell("report_written", f"wrote {out}", path=str(out), bytes=len(page.encode()))

"""`extract run`."""

from typing import Annotated

import typer

from extract import log
from extract.chosen import assert_not_empty, chosen_streams
from extract.commands.common import Config, Sources, named, worst
from extract.database import database_errors, open_pool
from extract.expectations import write_expectations
from extract.failure import written_down
from extract.pipeline import IfHeld, assert_migrated, run_source
from extract.run_record import RunResult
from extract.settings import load_settings


def run(
    sources: Sources,
    stream: Annotated[list[str] | None, typer.Option(help="Only this stream; may be repeated.")] = None,
    if_held: Annotated[IfHeld, typer.Option(help="When another run holds a stream.")] = IfHeld.FAIL,
    config: Config = None,
) -> None:
    """Load what is new in each source, going on where the last run stopped.

    Rows, resume position and ledger row of a load commit together: a run that is killed loses and doubles
    nothing. Tells on a terminal by progress bars, elsewhere by one JSON line an event.
    """
    with written_down(", ".join(sources), "run"):
        settings = load_settings(config)
        work = [(source, chosen_streams(source, settings, stream or ())) for source in named(sources)]
        for source, streams in work if stream else ():
            assert_not_empty(source, settings, streams)
        results: list[RunResult] = []
        with open_pool(settings.database) as pool:
            assert_migrated(pool)
            with database_errors(), pool.connection() as connection:
                write_expectations(connection, settings)
            for source, streams in work:
                results.append(run_source(pool, settings, source, streams, if_held))
    for result in results:
        if log.is_watched():
            from extract.commands.summary import show  # not at the top: see report.py

            show(result)
        if result.error:
            log.tell_error(
                f"{result.source}: {result.error}", source=result.source, run_id=str(result.run_id)
            )
    raise typer.Exit(worst(result.exit_code for result in results))

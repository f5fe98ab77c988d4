"""The ledger row of a run that fails before it has begun."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

import psycopg

from extract import ledger, log
from extract.database import connect
from extract.errors import ExtractError
from extract.settings import DatabaseSettings


@contextmanager
def written_down(source: str, command: str) -> Iterator[None]:
    """An ExtractError raised by the block gets a row in ops.runs, where there is a database for it."""
    try:
        yield
    except ExtractError as error:
        with (
            suppress(ExtractError, psycopg.Error),
            connect(settings=DatabaseSettings(attempts=1)) as connection,
        ):
            run_id = uuid4()
            log.name_run(str(run_id))
            ledger.start_run(connection, run_id, source[:200], command)
            ledger.end_run(
                connection, run_id, status="failed", exit_code=error.exit_code, error=str(error), traffic=None
            )
        raise

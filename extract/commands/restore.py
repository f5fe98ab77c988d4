"""`extract restore`."""

from datetime import datetime
from typing import Annotated

import typer

from extract import log
from extract.chosen import chosen_streams
from extract.commands.common import Config, OneSource, named
from extract.database import connect, database_errors
from extract.errors import ConfigurationError
from extract.failure import written_down
from extract.settings import load_settings

Day = Annotated[datetime, typer.Option("--day", formats=["%Y-%m-%d"], help="Day of the loads, in UTC.")]
LastDay = Annotated[
    datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, where there are several.")
]


def restore(
    source: OneSource,
    day: Day,
    to: LastDay = None,
    stream: Annotated[list[str] | None, typer.Option(help="Only this stream; may be repeated.")] = None,
    config: Config = None,
) -> None:
    """Bring archived days back into raw, verified, with the erasures that were announced meanwhile applied.

    Connects as role maintainer. The days stay for [archive] keep_restored_days.
    """
    # Not at the top: a run needs neither their memory nor their time.
    from extract.archive.restore import restore as restore_days
    from extract.archive.store import Store

    with written_down(source, "restore"):
        first, last = day.date(), (to or day).date()
        if last < first:
            raise ConfigurationError(f"--to {last} is before --day {first}")
        settings = load_settings(config)
        (declared,) = named([source])
        streams = chosen_streams(declared, settings, stream or declared.stream_names)
        store = Store(settings.archive)
        with connect(settings=settings.database) as connection, database_errors():
            for done in restore_days(connection, store, declared, streams, first=first, last=last):
                told = f"{done.day}: restored {done.day.rows:,} rows, {done.redacted} of them redacted"
                log.tell("restored", told)

"""`extract erase`."""

from dataclasses import asdict

from extract import log
from extract.commands.common import Config, OneSource, named
from extract.database import connect, database_errors
from extract.settings import load_settings


def erase(source: OneSource, config: Config = None) -> None:
    """Redact, in raw, dead letters, tests' rows and archives, the persons whose erasure the source has announced.

    Connects as role maintainer. Repeat it after each run: records that came after an erasure are found too.
    """
    # Not at the top: a run needs neither their memory nor their time.
    from extract.archive.store import Store
    from extract.erase import erase as erase_persons

    (declared,) = named([source])
    settings = load_settings(config)
    store = Store(settings.archive) if settings.archive.url else None
    with connect(settings=settings.database) as connection, database_errors():
        done = erase_persons(connection, declared, store)
    log.tell(
        "erased",
        f"{source}: {done.subjects} new erasures; redacted {done.raw_records} raw records, "
        f"{done.dead_letters} dead letters and {done.archived_records} archived records"
        + (f"; forgot {done.failing_rows} rows that tests had kept" if done.failing_rows else ""),
        source=source,
        **asdict(done),
    )

"""`extract archive`."""

from typing import Annotated

import typer

from extract import log
from extract.commands.common import AnySources, Config, named
from extract.database import connect, database_errors
from extract.failure import written_down
from extract.settings import load_settings


def archive(
    sources: AnySources = None,
    dry_run: Annotated[bool, typer.Option(help="Only say which days would go, and which wait.")] = False,
    config: Config = None,
) -> None:
    """Move days of raw that are old enough to object storage: exported, verified by reading back, dropped.

    Connects as role maintainer. A day stays while a load is written to it or a base model has not taken all of
    it. Whatever stops it, the next run goes on.
    """
    # Not at the top: a run needs neither their memory nor their time.
    from extract.archive.archive import archive as archive_days
    from extract.archive.retention import old_days
    from extract.archive.store import Store

    with written_down(", ".join(sources or ["all"]), "archive"):
        settings = load_settings(config)
        chosen = named(sources)
        store = Store(settings.archive)
        with connect(settings=settings.database) as connection, database_errors():
            for source in chosen:
                if dry_run:
                    for old in old_days(connection, settings, source):
                        told = f"waits: {old.waits_for}" if old.waits_for else "would be archived"
                        log.tell("old_day", f"{old}: {told}")
                    continue
                for old, manifest in archive_days(connection, store, settings, source):
                    if manifest is None:
                        log.tell("day_waits", f"{old}: waits: {old.waits_for}")
                    else:
                        log.tell(
                            "day_archived",
                            f"{old}: archived {manifest.rows:,} rows, {manifest.bytes / 1e6:.1f} MB "
                            f"in {len(manifest.objects)} objects",
                        )

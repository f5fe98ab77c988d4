"""`extract dead-letters replay`."""

from pathlib import Path
from typing import Annotated

import typer

from extract import log
from extract.commands.common import Config, Ids, OneSource, OneStream, named, streams_called
from extract.database import database_errors, open_pool
from extract.dead_letter_queue import assert_open
from extract.errors import ConfigurationError, one_line
from extract.failure import written_down
from extract.mended import read_mended
from extract.pipeline import assert_migrated
from extract.replay import ReplayResult, Wanted, replay
from extract.settings import load_settings

_TOLD = 20


def replay_letters(
    source: OneSource,
    *,
    stream: OneStream = None,
    ids: Ids = None,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Put U+FFFD for what Postgres cannot hold, and a string for a number that is too large; "
            "the rows' context says so.",
        ),
    ] = False,
    mended: Annotated[
        Path | None,
        typer.Option(help='Lines {"dead_letter_id": 17, "record": {...}}: load these instead of the bytes.'),
    ] = None,
    config: Config = None,
) -> None:
    """Try open letters again: a new load for each load that left some, which models follow like any other.

    Letters that are still bad stay open. Exit code 1 where some do.
    """
    if mended is not None and (ids or repair):
        raise ConfigurationError("--mended names the letters and their records: leave out --id and --repair")
    with written_down(source, "replay"):
        settings = load_settings(config)
        (declared,) = named([source])
        streams = streams_called(declared, stream)
        given = read_mended(mended) if mended else []
        wanted = Wanted(ids or None, repair, {each.dead_letter_id: each.record for each in given})
        with open_pool(settings.database) as pool:
            assert_migrated(pool)
            places = {each.dead_letter_id: each.place for each in given} | dict.fromkeys(ids or (), "--id")
            with database_errors(), pool.connection() as connection:
                assert_open(connection, source, [each.name for each in streams], places)
            result = replay(pool, settings, declared, streams, wanted)
    _tell(source, result)
    raise typer.Exit(result.exit_code)


def _tell(source: str, result: ReplayResult) -> None:
    log.tell(
        "replayed",
        f"{source}: replayed {result.replayed} dead letters in {result.loads} loads ({result.records} records), "
        f"{len(result.still_open) + result.new_letters} stay open",
        source=source,
        letters=result.replayed,
        loads=result.loads,
        records=result.records,
        still_open=len(result.still_open) + result.new_letters,
    )
    for letter_id, reason in list(result.still_open.items())[:_TOLD]:
        told = one_line(reason, 160)
        log.tell(
            "letter_stays_open", f"{letter_id:>8}  {told}", "warning", dead_letter_id=letter_id, reason=told
        )
    if len(result.still_open) > _TOLD:
        log.tell("letters_stay_open", f"     ...  {len(result.still_open) - _TOLD} more", "warning")
    if result.new_letters:
        log.tell(
            "new_dead_letters",
            f"     new  {result.new_letters} records of pages that could be read are dead letters now",
            "warning",
        )
    if result.error:
        log.tell_error(f"{source}: {result.error}", source=source)

"""`extract backfill`."""

import sys
from datetime import timedelta
from typing import Annotated

import typer

from extract import log
from extract.backfill import Estimate, estimate, has_times, plan, read_option, read_shard
from extract.chosen import chosen_streams
from extract.commands.common import Config, OneSource, named
from extract.cursor import format_time
from extract.database import database_errors, open_pool
from extract.failure import written_down
from extract.pipeline import assert_migrated, backfill_source
from extract.settings import load_settings


def backfill(
    source: OneSource,
    *,
    begin: Annotated[
        str, typer.Option("--from", help="Date or RFC 3339 time; a date is its midnight in UTC.")
    ],
    end: Annotated[str, typer.Option("--to", help="The range ends just before it.")],
    stream: Annotated[list[str] | None, typer.Option(help="Only this stream; may be repeated.")] = None,
    shard: Annotated[
        str | None, typer.Option(metavar="I/N", help="Every Nth window from the Ith, from 0.")
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="HOURS", help="Hours that one sweep reads; else what the source declares, or 24."
        ),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also windows that were finished before.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would be asked for, and ask nothing.")
    ] = False,
    config: Config = None,
) -> None:
    """Read a range of a source again, beside the ordinary runs, whose cursors stay where they are.

    The range is cut into windows; each is a sweep of its own, which resumes where it stopped. Start it in as
    many processes or pods as you like: a window belongs to whoever takes its lease first, and --shard makes
    them start apart. Windows that are finished are not read again.
    """
    with written_down(source, "backfill"):
        settings = load_settings(config)
        (declared,) = named([source])
        streams = [
            each for each in chosen_streams(declared, settings, stream or ()) if stream or has_times(each)
        ]
        begin_at, end_at = read_option(begin, "--from"), read_option(end, "--to")
        mine = read_shard(shard)
        with open_pool(settings.database) as pool:
            assert_migrated(pool)
            with database_errors(), pool.connection() as connection:
                works = plan(
                    connection,
                    declared,
                    settings.source(declared),
                    streams,
                    begin=begin_at,
                    end=end_at,
                    width=timedelta(hours=window) if window else None,
                    shard=mine,
                    again=again,
                )
                estimates = estimate(connection, declared, settings.source(declared), works)
            if dry_run:
                _tell(source, estimates)
                return
            result = backfill_source(pool, settings, declared, works)
    if log.is_watched():
        from extract.commands.summary import show  # not at the top: see report.py

        show(result)
    if result.error:
        log.tell_error(f"{source}: {result.error}", source=source)
    raise typer.Exit(result.exit_code)


def _tell(source: str, estimates: list[Estimate]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("stream", "window from", "until", box=None)
    for each in estimates:
        for work in each.works:
            if work.window is not None:
                name = f"{source}.{each.stream} {work.part.name}".strip()
                table.add_row(name, *map(format_time, work.window.bounds))
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    for each in estimates:
        count = len(each.works)
        cost = f"at least {count} requests; no finished sweep to judge by"
        if each.requests is not None:
            cost = f"about {each.requests:,} requests for {each.records:,} records"
        if each.minutes is not None:
            cost += f"; {each.minutes:,.1f} minutes of the budget"
        typer.echo(f"{source}.{each.stream}: {count} windows, {cost}")
    if not estimates:
        typer.echo(
            f"{source}: nothing to do: all windows of the range were finished before (--again reads them)"
        )

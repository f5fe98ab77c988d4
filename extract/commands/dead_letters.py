"""`extract dead-letters`: list, show, replay, discard."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer
from psycopg import Connection
from psycopg.rows import TupleRow

from extract.commands.common import AnySources, AsJson, Ids, OneSource, OneStream, named, streams_called
from extract.commands.replay import replay_letters
from extract.database import connect, database_errors
from extract.dead_letter_queue import (
    Which,
    assert_open,
    discard_letters,
    find_letters,
    group_letters,
    read_letters,
)
from extract.dead_letter_text import brief_json, brief_line, group_lines, whole_json, whole_lines
from extract.errors import ConfigurationError
from extract.letter import LetterStatus

dead_letters = typer.Typer(
    help="Records that raw could not hold: list, show, replay or discard them.", no_args_is_help=True
)

Reason = Annotated[str | None, typer.Option(help="Only letters whose reason holds this text.")]


class Shown(StrEnum):
    """Which letters `list` shows."""

    OPEN = "open"
    REPLAYED = "replayed"
    DISCARDED = "discarded"
    ALL = "all"


@dead_letters.command(
    "list", epilog="Example: extract dead-letters list smartpizza --stream orders --reason u0000"
)
def list_letters(
    sources: AnySources = None,
    *,
    stream: OneStream = None,
    status: Annotated[Shown, typer.Option(help="What became of them.")] = Shown.OPEN,
    reason: Reason = None,
    limit: Annotated[int, typer.Option(min=0, help="How many to show; all are counted.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List dead letters, oldest first, and count them by stream and reason."""
    declared = named(sources)
    if stream is not None and not any(stream in source.stream_names for source in declared):
        raise ConfigurationError(f"no source has a stream {stream!r}: see `extract status`")
    which = Which(
        sources=[source.name for source in declared] if sources else None,
        stream=stream,
        status=None if status is Shown.ALL else LetterStatus(status),
        reason=reason,
    )
    with _connected() as connection:
        letters = find_letters(connection, which, limit)
        groups = group_letters(connection, which)
    for letter in letters:
        typer.echo(brief_json(letter) if as_json else brief_line(letter))
    if not as_json:
        for line in group_lines(groups, len(letters)):
            typer.echo(line)


@dead_letters.command(epilog="Example: extract dead-letters show 17 --json > mended.jsonl")
def show(
    ids: Annotated[list[int], typer.Argument(metavar="ID...", help="Ids of letters.")],
    as_json: AsJson = False,
    raw: Annotated[bool, typer.Option("--raw", help="The exact bytes of one letter, nothing else.")] = False,
) -> None:
    """Show all of a letter; what is no printable UTF-8 is escaped.

    A line of --json whose `record_text` somebody mended is what `replay --mended` reads.
    """
    if raw and (as_json or len(ids) != 1):
        raise ConfigurationError("--raw writes the bytes of one letter: give one ID, and no --json")
    with _connected() as connection:
        letters = read_letters(connection, ids)
    for letter in letters:
        if raw:
            typer.echo(letter.body, nl=False)
        elif as_json:
            typer.echo(whole_json(letter))
        else:
            for line in whole_lines(letter):
                typer.echo(line)


dead_letters.command(
    "replay", epilog="Example: extract dead-letters replay smartpizza --stream orders --repair"
)(replay_letters)


@dead_letters.command(
    epilog='Example: extract dead-letters discard smartpizza --reason "no usable key" --because "test orders"'
)
def discard(
    source: OneSource,
    *,
    because: Annotated[str, typer.Option(help="Why; kept with the letters.")],
    stream: OneStream = None,
    ids: Ids = None,
    reason: Reason = None,
    everything: Annotated[bool, typer.Option("--all", help="All open letters of the source.")] = False,
) -> None:
    """Give up open letters. They keep their bytes, and who gave them up, when and why."""
    if [bool(ids), reason is not None, everything].count(True) != 1:
        raise ConfigurationError("say which letters to discard: one of --id, --reason, --all")
    if not because.strip() or reason == "":
        raise ConfigurationError("--because and --reason must not be empty")
    (declared,) = named([source])
    streams = [each.name for each in streams_called(declared, stream)]
    with _connected() as connection:
        assert_open(connection, source, streams, dict.fromkeys(ids or (), "--id"))
        which = Which(sources=[source], stream=stream, reason=reason, ids=ids or None)
        count = discard_letters(connection, which, because)
    typer.echo(f"{source}: discarded {count} dead letters")


@contextmanager
def _connected() -> Iterator[Connection[TupleRow]]:
    with connect() as connection, database_errors():
        connection.execute("set timezone = 'UTC'")
        yield connection

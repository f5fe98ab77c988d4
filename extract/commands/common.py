"""What several commands take and give."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from extract.errors import ConfigurationError, Exit
from extract.source import Source, Stream
from extract.sources import all_sources

Config = Annotated[
    Path | None,
    typer.Option(help="Config file; else EXTRACT_CONFIG names it, else ./extract.toml where there is one."),
]
OneSource = Annotated[str, typer.Argument(metavar="SOURCE", help="Name of a source.")]
Sources = Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Names of sources.")]
AnySources = Annotated[list[str] | None, typer.Argument(metavar="[SOURCE...]", help="All when left out.")]
OneStream = Annotated[str | None, typer.Option("--stream", help="Only this stream.")]
Ids = Annotated[list[int] | None, typer.Option("--id", help="Only this letter; may be repeated.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


def named(names: list[str] | None) -> list[Source]:
    """The sources called `names`, each once; all without a name. Raises ConfigurationError for an unknown one."""
    known = all_sources()
    for name in names or ():
        if name not in known:
            raise ConfigurationError(f"unknown source {name!r}; valid sources: {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names or known)]


def streams_called(source: Source, name: str | None) -> list[Stream]:
    """The stream of `source` called `name`; all without one. Raises ConfigurationError for an unknown one."""
    if name is not None and name not in source.stream_names:
        raise ConfigurationError(
            f"{source.name} has no stream {name!r}; its streams: {', '.join(source.stream_names)}"
        )
    return [stream for stream in source.streams if name in (None, stream.name)]


def worst(codes: Iterable[int]) -> int:
    """Of several failures the smallest code: 75 and 76 invite to try again, 1 and 2 do not."""
    return min((int(code) for code in codes if code), default=int(Exit.DONE))

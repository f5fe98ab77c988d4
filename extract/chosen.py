"""Which streams a command is to read."""

from collections.abc import Sequence

from extract.errors import ConfigurationError
from extract.settings import Settings
from extract.source import Source, Stream


def chosen_streams(source: Source, settings: Settings, named: Sequence[str]) -> tuple[Stream, ...]:
    """The streams to run: those named, else the configured ones, else all; in the order they are declared.

    Raises ConfigurationError for a name that is not a stream's.
    """
    names = named or settings.source(source).streams or source.stream_names
    for name in names:
        if name not in source.stream_names:
            raise ConfigurationError(
                f"{source.name} has no stream {name!r}; its streams: {', '.join(source.stream_names)}"
            )
    return tuple(stream for stream in source.streams if stream.name in names)


def assert_not_empty(source: Source, settings: Settings, streams: Sequence[Stream]) -> None:
    """Raises ConfigurationError for a stream that the settings leave without anything to read."""
    for stream in streams:
        if not stream.parts_by(settings.source(source)):
            raise ConfigurationError(
                f"{source.name}.{stream.name}: [sources.{source.name}] names nothing to read of it"
            )

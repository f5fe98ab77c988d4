"""What can go wrong, each with the exit code the process leaves with.

Every message is one line that names what is wrong, where, and what would be valid. No message holds a secret.
"""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the command line."""

    DONE = 0
    FAILED = 1
    CONFIGURATION = 2
    UNREACHABLE = 75
    LEASE_HELD = 76
    INTERRUPTED = 130
    TERMINATED = 143


class ExtractError(Exception):
    """Base of all errors that are meant for people: one line, one exit code."""

    exit_code: Exit = Exit.FAILED

    def __str__(self) -> str:
        return one_line(super().__str__())


class ConfigurationError(ExtractError):
    """A setting, secret, credential or argument is wrong; trying again does not help."""

    exit_code = Exit.CONFIGURATION


class UnreachableError(ExtractError):
    """The source or the database could not be reached after all retries."""

    exit_code = Exit.UNREACHABLE


class StreamUnreachableError(UnreachableError):
    """The API is there, but does not deliver this stream; others may work."""


class LeaseHeldError(ExtractError):
    """Somebody else holds the lease of a stream, or has taken it over."""

    exit_code = Exit.LEASE_HELD


class BadAnswerError(ExtractError):
    """The API answered with something that is not what the source declares."""


class RefusedError(BadAnswerError):
    """The API refused the request itself, and said why."""


class PageTokenExpiredError(ExtractError):
    """The API no longer knows a page token (410 Gone)."""


class OutOfBalanceError(ExtractError):
    """Records served differ from raw records plus dead letters."""


class Cancelled(ExtractError):  # noqa: N818 - a sibling of Stopped, and no fault of anybody's
    """A request was stopped by this process, since its run ends."""


class TooManyDeadLettersError(ExtractError):
    """More of a sweep's records became dead letters than the source's settings tolerate."""


class LettersChangedError(ExtractError):
    """Dead letters that were open when they were read are no longer."""


class CorruptArchiveError(ExtractError):
    """What the archive gives back is not what was put there."""


class SchemaChangedError(ExtractError):
    """A field came in a JSON type that it never had, and its stream declares that this fails the run."""


class Stopped(KeyboardInterrupt):
    """A signal asked the process to end. A KeyboardInterrupt, so that psycopg cancels a running statement."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by signal {signal_number}")
        self.exit_code = Exit(128 + signal_number)


def one_line(text: str, limit: int = 500) -> str:
    """`text` on one line without control characters, at most `limit` characters long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: limit - 3] + "..."

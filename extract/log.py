"""The log: one JSON line an event with the run's id where EXTRACT_LOG_FORMAT says json, else words for people.

What a run or a build does is told by a Reporter; here is what a command says about itself, and how it fails.
"""

import json
import os
import sys
import traceback
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

import typer

VARIABLE = "EXTRACT_LOG_FORMAT"


class LogFormat(StrEnum):
    """`auto`: events are JSON off a terminal, and a command's last words and errors are for people."""

    AUTO = "auto"
    JSON = "json"


_run: dict[str, str] = {}


def choose(log_format: LogFormat) -> None:
    """From now on, in this process and those that it starts."""
    os.environ[VARIABLE] = log_format


def name_run(run_id: str) -> None:
    """The id of the run or build that this process is at: it is on every line from now on."""
    _run["id"] = run_id


def run_id() -> str:
    """That id; one of the process's own where it is at no run."""
    return _run.setdefault("id", str(uuid4()))


def is_watched() -> bool:
    """Whether a person sees standard output, and words are wanted there."""
    return sys.stdout.isatty() and not _is_json()


def line(event: str, level: str, **fields: Any) -> str:
    """One event as one line of JSON, dated now in UTC; `fields` may name another run."""
    told = {"event": event, "level": level, "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"}
    return json.dumps({"run_id": run_id(), **fields, **told}, default=str)


def tell(event: str, words: str, level: str = "info", **fields: Any) -> None:
    """What a command has done, on standard output: `words` for people, or the event with `fields`."""
    typer.echo(line(event, level, **(fields or {"message": words})) if _is_json() else words)


def tell_error(words: str, **fields: Any) -> None:
    """What went wrong, on standard error, in one line that holds no secret."""
    typer.echo(
        line("error", "error", message=words, **fields) if _is_json() else f"extract: {words}", err=True
    )


def tell_unexpected(error: Exception, words: str, **fields: Any) -> None:
    """The same for what nobody has foreseen, with where it happened; in JSON without what the causes say."""
    if not _is_json():
        traceback.print_exception(error)
    frames = [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    tell_error(words, **fields, **({"frames": frames} if _is_json() else {}))


def _is_json() -> bool:
    return os.environ.get(VARIABLE) == LogFormat.JSON

"""What a run tells: progress bars and a table on a terminal, elsewhere one JSON line an event. No secrets."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

import structlog
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

_UNUSUAL = frozenset(
    {
        "retry",
        "page_token_expired",
        "dead_letters",
        "stream_skipped",
        "database_lost",
        "page_buried",
        "schema_changed",
        "resting",
        "build_waiting",
        "dbt_warning",
        "test_warned",
    }
)


class Reporter(Protocol):
    """Hears what happens in a run."""

    def event(self, name: str, **fields: Any) -> None:
        """Something worth a log line."""

    def page(self, stream: str, records: int, size: int) -> None:
        """A page of `records` records and `size` bytes has arrived."""


class JsonReporter:
    """One JSON line an event; pages make no event of their own."""

    def __init__(self, file: TextIO, **bound: Any) -> None:
        self._log = structlog.wrap_logger(
            structlog.WriteLogger(file),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(default=str),
            ],
        ).bind(**bound)
        self._file = file

    def event(self, name: str, **fields: Any) -> None:
        level = logging.ERROR if name.endswith("_failed") else logging.INFO
        self._log.log(logging.WARNING if name in _UNUSUAL else level, name, **fields)
        self._file.flush()

    def page(self, stream: str, records: int, size: int) -> None:
        """Says nothing."""


class TerminalReporter:
    """A progress line a stream; the events people wait for are printed above it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._totals: dict[str, tuple[int, int]] = {}
        self._under_way: dict[str, int] = {}  # sweeps of a stream's parts

    def event(self, name: str, **fields: Any) -> None:
        if name in _UNUSUAL or name == "stream_failed":
            told = "  ".join(f"{key}={value}" for key, value in fields.items() if value is not None)
            self._progress.console.print(f"{name}: {told}", markup=False, highlight=False)
        if name == "sweep_started":
            self._count(fields["stream"], 1)
        if name in ("sweep_finished", "stream_failed"):
            self._count(fields["stream"], -1)

    def page(self, stream: str, records: int, size: int) -> None:
        rows, total = self._totals.get(stream, (0, 0))
        self._totals[stream] = rows, total = rows + records, total + size
        self._progress.update(self._task(stream), done=f"{rows:,} records  {total / 1e6:,.1f} MB")

    def _count(self, stream: str, sweeps: int) -> None:
        """The line is whole while none of the stream's sweeps is under way."""
        left = self._under_way[stream] = self._under_way.get(stream, 0) + sweeps
        self._progress.update(self._task(stream), total=None if left else 1, completed=0 if left else 1)

    def _task(self, stream: str) -> TaskID:
        if stream not in self._tasks:
            self._tasks[stream] = self._progress.add_task(stream, total=None, done="")
        return self._tasks[stream]


@contextmanager
def reporter(**bound: Any) -> Iterator[Reporter]:
    """A reporter for standard output; `bound` (such as run_id) is on each JSON line."""
    if not sys.stdout.isatty():
        yield JsonReporter(sys.stdout, **bound)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<20}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[done]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console()) as progress:
        yield TerminalReporter(progress)

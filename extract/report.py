"""What a run tells: progress bars and a table on a terminal, elsewhere one JSON line an event. No secrets."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from extract import log

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

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
        self._file = file
        self._bound = bound
        self._guard = threading.Lock()

    def event(self, name: str, **fields: Any) -> None:
        level = "warning" if name in _UNUSUAL else "error" if name.endswith("_failed") else "info"
        line = log.line(name, level, **{**self._bound, **fields})
        with self._guard:
            self._file.write(f"{line}\n")
            self._file.flush()

    def page(self, stream: str, records: int, size: int) -> None:
        """Says nothing."""


class TerminalReporter:
    """A progress line a stream; the events people wait for are printed above it."""

    def __init__(self, progress: "Progress") -> None:
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

    def _task(self, stream: str) -> "TaskID":
        if stream not in self._tasks:
            self._tasks[stream] = self._progress.add_task(stream, total=None, done="")
        return self._tasks[stream]


@contextmanager
def reporter(**bound: Any) -> Iterator[Reporter]:
    """A reporter for standard output; `bound` (such as run_id) is on each JSON line."""
    if not log.is_watched():
        yield JsonReporter(sys.stdout, **bound)
        return
    from rich.console import Console  # noqa: PLC0415 - who is not watched needs neither its time nor memory
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<20}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[done]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console()) as progress:
        yield TerminalReporter(progress)

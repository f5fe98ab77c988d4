"""What a sweep works with, what it is to bring, and what it brought."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from extract.cursor import CursorFormat, minus_minutes, read_time, write_time
from extract.lease import Leases
from extract.ledger import SweepKind
from extract.loader import Loader
from extract.part import Part
from extract.persist import Patience
from extract.report import Reporter
from extract.rest import RestClient
from extract.settings import Settings
from extract.source import Source, SourceSettings, Stream
from extract.window import Window


@dataclass(frozen=True, slots=True)
class SweepTools:
    """What the sweeps of one run share.

    `side_by_side` is how many there are at a time: they share what may be fetched and not yet committed. `stop`
    is set when the run is to end.
    """

    run_id: UUID
    source: Source
    section: SourceSettings
    settings: Settings
    client: RestClient
    loader: Loader
    leases: Leases
    patience: Patience
    report: Reporter
    stop: threading.Event
    side_by_side: int = 1


@dataclass(frozen=True, slots=True)
class Work:
    """What one sweep is to bring: all that is new in a part of a stream, or a window of it."""

    stream: Stream
    window: Window | None = None
    part: Part = field(default_factory=Part)

    @property
    def shard(self) -> str:
        """The name under which the ledger keeps this apart from the stream's other sweeps."""
        return f"{self.part.name} {self.window.name if self.window else ''}".strip()

    @property
    def name(self) -> str:
        """What people call it: the stream, and the shard where there is one."""
        return f"{self.stream.name} {self.shard}".strip()

    @property
    def context(self) -> Mapping[str, str]:
        """What is kept beside each record."""
        return {**(self.stream.context or {}), **(self.part.context or {})}

    @property
    def params(self) -> dict[str, str]:
        """The query of each request, but for what the cursor and the paginator add."""
        return {**self.stream.params, **self.part.params}

    def since(self, watermark: str | None, settings: SourceSettings) -> str | None:
        """Where a sweep after `watermark` begins, or the first one; None: at the beginning.

        A first sweep of ids that begins at a time has no id to begin with: its paginator is told the time.
        """
        cursor, part = self.stream.cursor, self.part
        if cursor is None:
            return None
        if watermark is not None:
            overlap = settings.overlap_minutes if part.overlap_minutes is None else part.overlap_minutes
            return minus_minutes(watermark, overlap, cursor.form)
        if part.since is None or cursor.form is CursorFormat.ID:
            return None
        return write_time(read_time(part.since, cursor.form), cursor.form)

    @property
    def kind(self) -> SweepKind:
        """What the ledger calls it."""
        if self.window:
            return "backfill"
        return "full" if self.stream.full_list else "incremental"


@dataclass(slots=True)
class SweepResult:
    """What one sweep of this run brought."""

    stream: str
    shard: str = ""
    resumed: bool = False
    pages: int = 0
    records: int = 0
    dead_letters: int = 0
    bytes: int = 0
    loads: int = 0
    restarts: int = 0
    watermark: str | None = None
    seconds: float = 0.0
    error: str | None = None

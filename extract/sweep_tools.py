"""What a sweep works with, what it is to bring, and what it brought."""

import threading
from dataclasses import dataclass
from uuid import UUID

from extract.lease import Leases
from extract.ledger import SweepKind
from extract.loader import Loader
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
    """What one sweep is to bring: all that is new in a stream, or a window of it."""

    stream: Stream
    window: Window | None = None

    @property
    def shard(self) -> str:
        """The name under which the ledger keeps this apart from the stream's other sweeps."""
        return self.window.name if self.window else ""

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

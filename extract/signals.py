"""SIGTERM and SIGINT end the run in order: the transaction is rolled back, the ledger says so."""

import signal
from dataclasses import dataclass
from types import FrameType

from extract.errors import Stopped


@dataclass(slots=True)
class Signals:
    """The signal that ended the run, if one did."""

    received: Stopped | None = None


def stop_on_signals() -> Signals:
    """From now on the first SIGTERM or SIGINT raises Stopped in the main thread; later ones are ignored."""
    signals = Signals()

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        signals.received = Stopped(number)
        raise signals.received

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    return signals

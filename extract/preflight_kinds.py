"""What is looked at before a source is read, declared: frozen data, no I/O. preflight.py acts on it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extract.cursor import CursorFormat
from extract.envelope import Envelope
from extract.json_shape import Path


@dataclass(frozen=True, slots=True)
class ServerClock:
    """GET `path` tells the API's time in `field`; `max_skew_seconds` reads from the settings how far ours may be off.

    Sample: {"serverTime": 1499827319559}
    """

    path: str
    field: Path
    form: CursorFormat
    max_skew_seconds: Callable[[Any], float]
    request_cost: int = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """What the settings name must be on a list of the API's, and better be active.

    `noun` is what it is called ("symbol"), `names` reads it from the settings. GET `path` with `params` of some
    names gives their records, or a refusal where one is unknown. A record tells in `name` which it is, and in
    `status`, where that is none of `active`, why it rests. Sample: {"symbols": [{"symbol": "BTCUSDT", "status":
    "TRADING"}]}
    """

    noun: str
    names: Callable[[Any], Sequence[str]]
    path: str
    params: Callable[[Sequence[str]], Mapping[str, str]]
    envelope: Envelope
    name: str
    status: str
    active: tuple[str, ...]
    request_cost: int = 1


@dataclass(frozen=True, slots=True)
class Preflight:
    """What must be in order before a run writes anything, asked in this order."""

    clock: ServerClock | None = None
    listed: Listed | None = None

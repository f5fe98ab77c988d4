"""Which answers fail, and how: decided by the seed, the page and how often it was asked for.

A plan names faults, each with

    rate    share of answers that fail: whether one does is drawn for each request of a page anew
    share   share of pages whose first `times` answers fail (default: all of them)

    too_many      429 with Retry-After, in turns as seconds and as a date
    server_error  500, 502, 503 or 504
    reset         the connection is reset in the middle of the body
    cut_gzip      half of the compressed body, as if it were whole
    time_out      no answer; the connection is closed after time_out_seconds
    drip          drip_bytes_per_second of the body
    half_json     200 with the first half of the page
    html          200 with an HTML page
    error_body    200 with {"error": ...}
"""

from functools import cache
from typing import Annotated, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from sandbox.bulk.config import Share
from sandbox.smartpizza.hashing import Hash


class PageFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How often a fault happens."""

    rate: Share = 0.0
    share: Share = 0.0
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None


NEVER = PageFault()


class FaultPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What goes wrong. Raises ValueError where rates or shares add up to more than 1."""

    too_many: PageFault = NEVER
    server_error: PageFault = NEVER
    reset: PageFault = NEVER
    cut_gzip: PageFault = NEVER
    time_out: PageFault = NEVER
    drip: PageFault = NEVER
    half_json: PageFault = NEVER
    html: PageFault = NEVER
    error_body: PageFault = NEVER
    retry_after: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 1
    time_out_seconds: Annotated[float, msgspec.Meta(ge=0)] = 60.0
    drip_bytes_per_second: Annotated[float, msgspec.Meta(gt=0)] = 1.0

    def __post_init__(self) -> None:
        for part in ("rate", "share"):
            if sum(getattr(fault, part) for fault in self.by_kind().values()) > 1:
                raise ValueError(f"the {part}s of page faults add up to more than 1")

    def by_kind(self) -> dict[str, PageFault]:
        """Faults by name, in the order of their declaration."""
        named = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return {name: fault for name, fault in named if isinstance(fault, PageFault)}


def page_fault(plan: FaultPlan, seed: int, start: int, attempt: int) -> str | None:
    """The fault of the answer to request `attempt` (from 1) of the page that begins at order `start`."""
    sticky = _drawn(plan, "share", seed, start)
    if sticky is not None and attempt <= (getattr(plan, sticky).times or attempt):
        return sticky
    return _drawn(plan, "rate", seed, start << 20 | attempt)


def status_drawn(seed: int, start: int, attempt: int) -> int:
    """The status of a server_error."""
    return (500, 502, 503, 504)[int(Hash(seed).below("status", start << 20 | attempt, 4)[0])]


def _drawn(plan: FaultPlan, part: Literal["rate", "share"], seed: int, key: int) -> str | None:
    kinds, limits = _limits(plan, part)
    if limits[-1] == 0:
        return None
    at = int(np.searchsorted(limits, Hash(seed).unit(part, key)[0], side="right"))
    return kinds[at] if at < len(kinds) else None


@cache
def _limits(plan: FaultPlan, part: str) -> tuple[list[str], NDArray[np.float64]]:
    """Kinds, and below which draw each of them ends."""
    faults = plan.by_kind()
    return list(faults), np.cumsum([getattr(fault, part) for fault in faults.values()])

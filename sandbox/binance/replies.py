"""Answers in the API's place: over the limit, banned, or because a fault was ordered."""

import math
from typing import NamedTuple

from sandbox.binance.faults import Banned, ServerError, TooMany
from sandbox.binance.limits import Verdict
from sandbox.binance.refusals import RefusedError
from sandbox.binance.services import Services
from sandbox.smartpizza.faults import Fault

HTML = "text/html"

_FORBIDDEN = (
    b"<html><head><title>403 Forbidden</title></head><body><center><h1>403 Forbidden</h1></center></html>"
)
_STREAMS = "Please use WebSocket Streams for live updates to avoid"


class Reply(NamedTuple):
    """A whole answer."""

    status: int
    body: bytes
    headers: dict[str, str]


class Asked(NamedTuple):
    """Who asked for what, and when (milliseconds of the server's clock)."""

    address: str
    path: str
    now: int


def refusal(services: Services, verdict: Verdict, now: int) -> Reply:
    """429 or 418. Retry-After is in seconds of whoever waits, also when the server's clock is faster."""
    limits = services.config.limits
    if verdict.status == 418:
        message = f"Way too much request weight used; IP banned until {verdict.retry_from}. {_STREAMS} bans."
    elif verdict.by_weight:
        limit = f"{limits.weight_per_minute} request weight per 1 MINUTE"
        message = f"Too much request weight used; current limit is {limit}. {_STREAMS} polling the API."
    else:
        limit = f"{limits.requests_per_5_minutes} requests per 5 MINUTE"
        message = f"Too many requests; current limit is {limit}. {_STREAMS} polling the API."
    seconds = math.ceil(services.real_seconds(verdict.retry_from - now))
    return Reply(verdict.status, RefusedError(-1003, message).body, {"Retry-After": str(max(1, seconds))})


def instead(services: Services, name: str, fault: Fault, asked: Asked) -> Reply | None:
    """What a fault answers; None where it breaks the real answer."""
    match fault:
        case TooMany():
            header = {"Retry-After": services.faults.refuse(fault, asked.path)}
            return Reply(429, RefusedError(-1003, "Too many requests queued.").body, header)
        case Banned():
            until = services.meter.ban(asked.address, fault.seconds, asked.now)
            return refusal(services, Verdict(418, 0, until), asked.now)
        case ServerError():
            message = "Internal error; unable to process your request. Please try again."
            return Reply(fault.status, RefusedError(-1001, message).body, {})
    unknown = (
        "Timeout waiting for response from backend server. Send status unknown; execution status unknown."
    )
    return {
        "backend_timeout": Reply(504, RefusedError(-1007, unknown).body, {}),
        "forbidden": Reply(403, _FORBIDDEN, {"Content-Type": HTML}),
    }.get(name)

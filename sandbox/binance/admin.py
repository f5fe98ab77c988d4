"""The sandbox's own side, under /healthz and /_sandbox: it costs no weight."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from sandbox.binance.config import BinanceConfig
from sandbox.binance.defects import defects
from sandbox.binance.faults import BinanceFaults
from sandbox.binance.history import Window
from sandbox.binance.intervals import WIDTHS
from sandbox.binance.refusals import RefusedError
from sandbox.binance.services import Services
from sandbox.smartpizza.times import format_instant, parse_instant

T = TypeVar("T")

_ALL = Window(None, None, 10**9)


class ClockMove(msgspec.Struct, forbid_unknown_fields=True):
    """How far to move the clock, where to, or how fast to let it run."""

    advance_seconds: float | None = None
    set: str | None = None
    rate: float | None = None


class Ban(msgspec.Struct, forbid_unknown_fields=True):
    """A ban to give, in seconds of the server's clock."""

    seconds: float = 120.0
    address: str = "127.0.0.1"


def look(services: Services, path: str, query: dict[str, str]) -> bytes | None:
    """The answer to a GET, None where there is no such path. Raises ValueError for a wrong query."""
    if path == "/_sandbox/klines":
        symbol, interval = _asked(query)
        return _known(lambda: services.market.klines(symbol, interval, _ALL, services.clock.now)[0])
    reports: dict[str, Callable[[], Any]] = {
        "/healthz": lambda: {"status": "ok", "symbols": list(services.market.histories)} | _clock(services),
        "/_sandbox/clock": lambda: _clock(services),
        "/_sandbox/served": services.served.report,
        "/_sandbox/faults": services.faults.report,
        "/_sandbox/limits": services.meter.report,
        "/_sandbox/requests": services.log.report,
        "/_sandbox/config": lambda: services.config,
        "/_sandbox/defects": lambda: _known(
            lambda: defects(services.market, *_asked(query), services.clock.now)
        ),
    }
    return _json(reports[path]()) if path in reports else None


def change(services: Services, path: str, body: bytes) -> bytes | None:
    """The answer to a PUT or POST, None where there is no such path. Raises ValueError for what cannot be done."""
    match path:
        case "/_sandbox/clock":
            _move(services, msgspec.json.decode(body, type=ClockMove))
            return _json(_clock(services))
        case "/_sandbox/faults":
            services.faults.put(msgspec.json.decode(body, type=BinanceFaults))
            return _json(services.faults.report())
        case "/_sandbox/config":
            services.change(msgspec.json.decode(body, type=BinanceConfig))
            return _json(services.config)
        case "/_sandbox/ban":
            ban = msgspec.json.decode(body, type=Ban)
            until = services.meter.ban(ban.address, ban.seconds, services.clock.now)
            return _json({"until": format_instant(until)})
        case "/_sandbox/reset":
            services.reset()
            return b"{}"
    return None


def _move(services: Services, move: ClockMove) -> None:
    given = [value for value in (move.advance_seconds, move.set, move.rate) if value is not None]
    if len(given) != 1:
        raise ValueError('give one of {"advance_seconds": number}, {"set": RFC 3339 time}, {"rate": number}')
    if move.set is not None:
        services.clock.set(parse_instant(move.set))
    elif move.rate is not None:
        services.clock.run(move.rate)
    else:
        services.clock.advance(move.advance_seconds or 0)


def _clock(services: Services) -> dict[str, Any]:
    return {"now": format_instant(services.clock.now), "rate": services.clock.rate}


def _asked(query: dict[str, str]) -> tuple[str, str]:
    symbol, interval = query.get("symbol", ""), query.get("interval", "")
    if interval not in WIDTHS:
        raise ValueError(f"interval is {interval!r}: give one of {', '.join(WIDTHS)}")
    return symbol, interval


def _known(answer: Callable[[], T]) -> T:
    try:
        return answer()
    except RefusedError as refused:
        raise ValueError(str(refused)) from None


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)

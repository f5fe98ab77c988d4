"""The sandbox's own side: clock, counts and faults under /_sandbox, and /healthz. No token; loopback only."""

import ipaddress
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.smartpizza.faults import FaultPlan
from sandbox.smartpizza.problems import ProblemError, bad_request
from sandbox.smartpizza.services import Services
from sandbox.smartpizza.times import format_instant, parse_instant

T = TypeVar("T")


class ClockMove(msgspec.Struct, forbid_unknown_fields=True):
    """How far to move the clock, or where to."""

    advance_seconds: float | None = None
    set: str | None = None


def routes(services: Services) -> list[Route]:
    """The admin routes over the services."""

    def state() -> dict[str, Any]:
        config = services.config
        shape: dict[str, int | bool] = (
            {"pizza_place": True}
            if config.pizza_place
            else {"branches": config.branches, "days": config.days, "orders_per_day": config.orders_per_day}
        )
        return {"now": format_instant(services.clock.now), "seed": config.seed} | shape

    async def health(_request: Request) -> Response:
        return _json({"status": "ok"} | state())

    async def clock(request: Request) -> Response:
        _local_only(request)
        if request.method == "POST":
            move = _decode(await request.body(), ClockMove)
            if (move.advance_seconds is None) == (move.set is None):
                raise bad_request('give either {"advance_seconds": number} or {"set": RFC 3339 time}')
            try:
                if move.set is not None:
                    services.clock.set(parse_instant(move.set))
                else:
                    services.clock.advance(move.advance_seconds or 0)
            except ValueError as error:
                raise bad_request(str(error)) from None
        return _json(state())

    async def served(request: Request) -> Response:
        _local_only(request)
        return _json(services.served.report())

    async def reset_served(request: Request) -> Response:
        _local_only(request)
        services.served.reset()
        return _json(services.served.report())

    async def faults(request: Request) -> Response:
        _local_only(request)
        if request.method == "PUT":
            services.put_faults(_decode(await request.body(), FaultPlan))
        return _json(services.faults.report())

    return [
        Route("/healthz", health, methods=["GET"]),
        Route("/_sandbox/clock", clock, methods=["GET", "POST"]),
        Route("/_sandbox/served", served, methods=["GET"]),
        Route("/_sandbox/served/reset", reset_served, methods=["POST"]),
        Route("/_sandbox/faults", faults, methods=["GET", "PUT"]),
    ]


def _json(body: Any) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise bad_request(f"the body is not valid: {error}") from None


def _local_only(request: Request) -> None:
    client = request.client
    if client is None or not ipaddress.ip_address(client.host).is_loopback:
        raise ProblemError(403, "forbidden", "the sandbox's own side answers only to this machine")

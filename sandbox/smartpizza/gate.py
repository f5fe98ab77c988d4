"""What stands before every /v1 path: the bearer token, and the faults that replace an answer."""

import secrets

import msgspec
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.smartpizza.faults import Fault, FaultBox, ServerError, TooManyRequests
from sandbox.smartpizza.problems import problem_response
from sandbox.smartpizza.served import Served


class Gate:
    """ASGI middleware. Faults that change a real answer are left to the response, in the request's state."""

    def __init__(self, app: ASGIApp, token: str, faults: FaultBox, served: Served) -> None:
        self._app = app
        self._authorization = f"Bearer {token}".encode()
        self._faults = faults
        self._served = served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in the API's place, or let the request through."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        sent = Headers(scope=scope).get("authorization", "").encode()
        if not secrets.compare_digest(sent, self._authorization):
            await _unauthorized("the bearer token is missing or wrong")(scope, receive, send)
            return
        chosen = self._faults.choose(scope["path"])
        if chosen is not None:
            name, fault = chosen
            self._served.count_fault(name)
            answer = self._instead(name, fault, scope["path"])
            if answer is not None:
                await answer(scope, receive, send)
                return
            scope.setdefault("state", {}).update(fault_name=name, fault=fault)
        await self._app(scope, receive, send)

    def _instead(self, name: str, fault: Fault, path: str) -> Response | None:
        if isinstance(fault, TooManyRequests):
            retry = {"retry-after": self._faults.refuse(fault, path)}
            return problem_response(429, "too-many-requests", "slow down", retry)
        if isinstance(fault, ServerError):
            return problem_response(fault.status, "server-error", "something broke on our side")
        if name == "unauthorized":
            return _unauthorized("the bearer token has expired")
        if name == "error_body":
            body = {"error": {"code": "internal", "message": "upstream query failed"}}
            return Response(msgspec.json.encode(body), media_type="application/json")
        if name == "html":
            return HTMLResponse("<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>")
        return None


def _unauthorized(detail: str) -> Response:
    return problem_response(401, "unauthorized", detail, {"www-authenticate": "Bearer"})

"""The ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from sandbox.smartpizza import admin, api
from sandbox.smartpizza.gate import Gate
from sandbox.smartpizza.problems import ProblemError, show_problem
from sandbox.smartpizza.services import Services

# Pages are built in threads; each may hold a few megabytes, and only one can run Python code at a time.
_PAGES_AT_ONCE = 4


def make_app(services: Services) -> Starlette:
    """The application over the services."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _PAGES_AT_ONCE
        yield

    return Starlette(
        routes=[*api.routes(services), *admin.routes(services)],
        middleware=[
            Middleware(Gate, token=services.config.token, faults=services.faults, served=services.served)
        ],
        exception_handlers={ProblemError: show_problem, HTTPException: show_problem},
        lifespan=lifespan,
    )

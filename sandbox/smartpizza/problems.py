"""Refusals as problem+json (RFC 9457)."""

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_TYPES = "https://smartpizza.example/problems/"


class ProblemError(Exception):
    """A refusal for the client: HTTP status, the last part of its type, one sentence for a person."""

    def __init__(self, status: int, slug: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.slug = slug
        self.detail = detail


def bad_request(detail: str) -> ProblemError:
    """400: the request itself is wrong."""
    return ProblemError(400, "invalid-request", detail)


def problem_response(status: int, slug: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    """The response that says so."""
    title = slug.replace("-", " ").capitalize()
    body = msgspec.json.encode({"type": _TYPES + slug, "title": title, "status": status, "detail": detail})
    return Response(body, status, headers, media_type="application/problem+json")


async def show_problem(request: Request, error: Exception) -> Response:
    """Starlette's handler for ProblemError, and for paths and methods that do not exist."""
    if isinstance(error, HTTPException):
        slug = error.detail.lower().replace(" ", "-")
        return problem_response(
            error.status_code, slug, f"{request.method} {request.url.path}: {error.detail}"
        )
    if not isinstance(error, ProblemError):
        raise error
    return problem_response(error.status, error.slug, error.detail)

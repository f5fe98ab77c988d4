"""The /v1 routes: one page of one listing, as the query says."""

from collections.abc import Callable, Collection
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.smartpizza.faults import Fault
from sandbox.smartpizza.geography import REGIONS
from sandbox.smartpizza.moment import Moment
from sandbox.smartpizza.paging import Listing, Slice, page_length, read_slice
from sandbox.smartpizza.problems import ProblemError, bad_request
from sandbox.smartpizza.queries import Query
from sandbox.smartpizza.responses import PageResponse
from sandbox.smartpizza.services import Services
from sandbox.smartpizza.times import format_instant
from sandbox.smartpizza.tokens import PageState
from sandbox.smartpizza.world import World

SCHEMA_VERSION = "2026-03"
_PAGED = ("page_size", "page_token")

Choose = Callable[[Services, Query, Request, Moment], Listing]


def routes(services: Services) -> list[Route]:
    """All /v1 routes over the services."""

    def listing(
        path: str, stream: str, own: Collection[str], choose: Choose, since: str | None = None
    ) -> Route:
        def endpoint(request: Request) -> Response:
            query = Query(request, {*own, *_PAGED} | ({since} if since else set()))
            moment = services.moment()
            chosen = choose(services, query, request, moment)
            start = query.instant(since) if since else None
            return _page(services, request, query, stream=stream, listing=chosen, since=start, moment=moment)

        return Route(path, endpoint, methods=["GET"], name=stream)

    def order(request: Request) -> Response:
        Query(request, ())
        moment = services.moment()
        found = services.world.order(request.path_params["order_id"], moment)
        if found is None:
            raise ProblemError(404, "not-found", f"no order {request.path_params['order_id']!r}")
        return _response(services, request, "order", {"data": found} | _context(moment), 1)

    return [
        listing("/v1/orders/summary", "order_summaries", ("business_date", "branch_id"), _summary),
        listing("/v1/orders", "orders", ("region", "include_deleted"), _orders, "updated_since"),
        Route("/v1/orders/{order_id}", order, methods=["GET"], name="order"),
        listing(
            "/v1/recipes", "recipes", (), _whole(lambda world, moment: world.recipes(moment)), "updated_since"
        ),
        listing(
            "/v1/customers/erasures",
            "customer_erasures",
            (),
            _whole(lambda world, moment: world.erasures(moment)),
            "since",
        ),
        listing(
            "/v1/customers",
            "customers",
            (),
            _whole(lambda world, moment: world.customers(moment)),
            "updated_since",
        ),
        listing("/v1/branches", "branches", (), _whole(lambda world, moment: world.branches(moment))),
        listing("/v1/branches/{branch_id}/inventory", "branch_inventory", ("as_of",), _branch_inventory),
        listing(
            "/v1/inventory/levels",
            "inventory_levels",
            (),
            _whole(lambda world, moment: world.inventory_levels(moment)),
            "updated_since",
        ),
    ]


def _orders(services: Services, query: Query, _request: Request, moment: Moment) -> Listing:
    deleted = query.choice("include_deleted", ("true", "false")) == "true"
    return services.world.orders(moment, query.choice("region", REGIONS), deleted)


def _whole(listing: Callable[[World, Moment], Listing]) -> Choose:
    """A listing that the query has no say in."""
    return lambda services, _query, _request, moment: listing(services.world, moment)


def _summary(services: Services, query: Query, _request: Request, moment: Moment) -> Listing:
    branch_id = query.number("branch_id", 1, 10**9)
    try:
        return services.world.summary(query.day("business_date"), branch_id, moment)
    except KeyError:
        raise bad_request(f"branch_id: there is no branch {branch_id}") from None


def _branch_inventory(services: Services, query: Query, request: Request, moment: Moment) -> Listing:
    text = request.path_params["branch_id"]
    as_of = query.instant("as_of")
    try:
        return services.world.branch_inventory(int(text), moment.now if as_of is None else as_of, moment)
    except (KeyError, ValueError):
        raise ProblemError(404, "not-found", f"no branch {text!r}") from None


def _page(
    services: Services,
    request: Request,
    query: Query,
    *,
    stream: str,
    listing: Listing,
    since: int | None,
    moment: Moment,
) -> Response:
    size = query.page_size()
    token = query.text("page_token")
    state = services.tokens.read(token, query.bound) if token is not None else None
    position = state.position if state else None
    offset = listing.since(since) if position is None else listing.after(position)
    whole = not services.uneven_pages or (state is not None and state.full)
    length = size if whole else page_length(services.draws, stream, offset, size)
    ended = offset >= len(listing.rows)
    page = read_slice(listing, offset, length) if length and not ended else Slice([], None)
    issued = None
    if _comes_again(request, state):
        issued = services.tokens.issue(query.bound, position, full=whole, repeated=True)
    elif page.next is not None:
        issued = services.tokens.issue(query.bound, page.next)
    elif not length and not ended:
        # After an empty page comes a whole one, so that paging always gets on.
        issued = services.tokens.issue(query.bound, position, full=True)
    body = {"data": page.records, "next_page_token": issued, "has_more": issued is not None} | _context(
        moment
    )
    return _response(services, request, stream, body, len(page.records))


def _comes_again(request: Request, state: PageState | None) -> bool:
    """Whether a fault asks for this page to be served twice; never a third time."""
    ordered = getattr(request.state, "fault_name", None) == "duplicated_page"
    return ordered and not (state is not None and state.repeated)


def _context(moment: Moment) -> dict[str, Any]:
    as_of = None if moment.late_commits else format_instant(moment.now)
    return {"as_of": as_of, "schema_version": SCHEMA_VERSION}


def _response(
    services: Services, request: Request, stream: str, body: dict[str, Any], records: int
) -> Response:
    fault: Fault | None = getattr(request.state, "fault", None)
    return PageResponse(
        msgspec.json.encode(body), request, services.served, stream=stream, records=records, fault=fault
    )

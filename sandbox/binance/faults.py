"""Faults to order. PUT /_sandbox/faults replaces the whole plan; {} ends all faults.

When each fires (count, rate, after, path) is told in sandbox.smartpizza.faults; their own options:

    forbidden        403 with an HTML page, as the firewall answers
    too_many         429 with Retry-After, below the limit; retry_after (whole seconds, default 1)
    banned           the address is banned for `seconds` (default 120) of the server's clock, and 418
    server_error     status 500, 502, 503 or 504 (default 503)
    backend_timeout  504 with {"code": -1007}
    html             200 with an HTML page
    half_json        200 with the first half of the body, as if it were whole
    cut_gzip         half of the compressed body, as if it were whole
    reset            the connection is reset in the middle of the body
    time_out         no answer; the connection is closed after `seconds` (default 60)
    drip             bytes_per_second (default 1)
"""

from typing import Annotated, Literal

import msgspec

from sandbox.smartpizza.faults import Fault, Plan, TooManyRequests

_Seconds = Annotated[float, msgspec.Meta(gt=0, le=259_200)]


class ApiFault(Fault, forbid_unknown_fields=True, kw_only=True):
    """A fault of any path of the API."""

    path: str = "/api/*"


class TooMany(TooManyRequests, forbid_unknown_fields=True, kw_only=True):
    """429."""

    path: str = "/api/*"


class Banned(ApiFault, forbid_unknown_fields=True, kw_only=True):
    """418."""

    seconds: _Seconds = 120.0


class ServerError(ApiFault, forbid_unknown_fields=True, kw_only=True):
    """5xx."""

    status: Literal[500, 502, 503, 504] = 503


class TimeOut(ApiFault, forbid_unknown_fields=True, kw_only=True):
    """Silence."""

    seconds: _Seconds = 60.0


class Drip(ApiFault, forbid_unknown_fields=True, kw_only=True):
    """A slow body."""

    bytes_per_second: Annotated[float, msgspec.Meta(gt=0)] = 1.0


class BinanceFaults(Plan, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What goes wrong at Binance."""

    forbidden: ApiFault | None = None
    too_many: TooMany | None = None
    banned: Banned | None = None
    server_error: ServerError | None = None
    backend_timeout: ApiFault | None = None
    html: ApiFault | None = None
    half_json: ApiFault | None = None
    cut_gzip: ApiFault | None = None
    reset: ApiFault | None = None
    time_out: TimeOut | None = None
    drip: Drip | None = None

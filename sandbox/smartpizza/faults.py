"""Faults to order: which answers go wrong, how, and how often.

PUT /_sandbox/faults replaces the whole plan; {} ends all faults. A plan names faults, each with

    count   the next so many answers fail (default 0)
    rate    share of answers that fail, 0 to 1, drawn from the seed and the number of the request (default 0)
    after   so many requests are let through first (default 0)
    path    only paths that match this pattern, such as "/v1/orders" or "/v1/customers*" (default: all of /v1)

and options of its own:

    too_many_requests  429; retry_after (whole seconds, default 1), form "seconds" (default) or "date"
    server_error       status 500, 502, 503 or 504 (default 503)
    unauthorized       401, although the token is right
    cut_gzip           half of the compressed body, as if it were whole
    error_body         200 with {"error": ...}
    html               200 with an HTML page
    slow_drip          bytes_per_second (default 65536)
    duplicated_page    the page comes again under its next token; both are counted as served
    disconnect         the connection is closed in the middle of the body

Besides: "late_commits": true (as_of is null, some records become visible up to five simulated minutes
after their updated_at; absent leaves the server's setting, false ends it), and "expire_page_tokens": true
(all page tokens issued so far answer 410; done once, at the PUT).

    {"too_many_requests": {"count": 2, "retry_after": 1, "form": "date"}, "server_error": {"rate": 0.1}}

GET /_sandbox/faults shows the plan, how often each fault has fired under it, each 429 with the wall-clock
time it was sent and the time from which a retry was allowed, and how many calls came too early.
"""

import email.utils
import fnmatch
import math
import threading
import time
from typing import Annotated, Any, Literal

import msgspec

from sandbox.smartpizza.hashing import Hash

_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Count = Annotated[int, msgspec.Meta(ge=0)]
_REMEMBERED = 10_000


class Fault(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """When a fault fires."""

    count: _Count = 0
    rate: _Share = 0.0
    after: _Count = 0
    path: str = "/v1/*"

    def __post_init__(self) -> None:
        if not self.count and not self.rate:
            raise ValueError("this fault would never fire: give it a count or a rate")


class TooManyRequests(Fault):
    """429."""

    retry_after: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 1
    form: Literal["seconds", "date"] = "seconds"


class ServerError(Fault):
    """5xx."""

    status: Literal[500, 502, 503, 504] = 503


class SlowDrip(Fault):
    """A slow body."""

    bytes_per_second: Annotated[int, msgspec.Meta(ge=10)] = 65_536


class Plan(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What goes wrong from now on. The first fault that fires is the only one in an answer."""

    def faults(self) -> dict[str, Fault]:
        """The faults by name, in the order in which they are tried."""
        named = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return {name: fault for name, fault in named if isinstance(fault, Fault)}


class FaultPlan(Plan, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What goes wrong at SmartPizza."""

    too_many_requests: TooManyRequests | None = None
    server_error: ServerError | None = None
    unauthorized: Fault | None = None
    cut_gzip: Fault | None = None
    error_body: Fault | None = None
    html: Fault | None = None
    slow_drip: SlowDrip | None = None
    duplicated_page: Fault | None = None
    disconnect: Fault | None = None
    late_commits: bool | None = None
    expire_page_tokens: bool = False


class FaultBox:
    """Decides for each request whether and how it fails. Thread-safe."""

    def __init__(self, draws: Hash) -> None:
        self._draws = draws
        self._lock = threading.Lock()
        self.put(Plan())

    def put(self, plan: Plan) -> None:
        """Replace the plan; all counts start anew."""
        with self._lock:
            self._plan = plan
            self._matched = dict.fromkeys(plan.faults(), 0)
            self._fired = dict.fromkeys(plan.faults(), 0)
            self._refusals: list[dict[str, Any]] = []
            self._retry_from = 0.0
            self._early_calls = 0

    def choose(self, path: str) -> tuple[str, Fault] | None:
        """The fault for this request, if any; to be asked once for each."""
        with self._lock:
            if time.time() < self._retry_from:
                self._early_calls += 1
            for name, fault in self._plan.faults().items():
                if fnmatch.fnmatchcase(path, fault.path) and self._fires(name, fault):
                    self._fired[name] += 1
                    return name, fault
        return None

    def _fires(self, name: str, fault: Fault) -> bool:
        self._matched[name] += 1
        number = self._matched[name] - fault.after
        if number <= 0:
            return False
        if number <= fault.count:
            return True
        return bool(self._draws.chance(f"fault:{name}", number, fault.rate)[0])

    def refuse(self, fault: TooManyRequests, path: str) -> str:
        """The Retry-After header of a 429, noted down."""
        now = time.time()
        retry_from = now + fault.retry_after
        header = str(fault.retry_after)
        if fault.form == "date":
            retry_from = float(math.ceil(retry_from))
            header = email.utils.formatdate(retry_from, usegmt=True)
        with self._lock:
            self._retry_from = max(self._retry_from, retry_from)
            if len(self._refusals) < _REMEMBERED:
                self._refusals.append({"path": path, "at": now, "retry_from": retry_from})
        return header

    def report(self) -> dict[str, Any]:
        """{"plan", "fired": {fault: times}, "refusals": [{"path", "at", "retry_from"}], "early_calls"}."""
        with self._lock:
            return {
                "plan": msgspec.to_builtins(self._plan),
                "fired": dict(self._fired),
                "refusals": list(self._refusals),
                "early_calls": self._early_calls,
            }

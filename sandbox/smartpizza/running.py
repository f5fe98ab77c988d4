"""A running API in the hands of a test or a tool: start one, move its clock, read its counts, break it."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec

from sandbox.smartpizza.config import Config
from sandbox.smartpizza.server import ApiServer, listen, url_of
from sandbox.smartpizza.services import build

# The API speaks plain HTTP: an empty context spares every client the loading of certificates.
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_SECONDS_TO_START = 20
_SECONDS_TO_STOP = 10


class RunningApi:
    """The admin side of a running API, in this process or another.

    `url` is the base URL without a slash at its end, `token` the bearer token of /v1. Methods raise
    httpx.HTTPError when the server cannot be reached and ValueError, with its words, when it refuses.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token

    @property
    def now(self) -> str:
        """The simulated time, RFC 3339 in UTC."""
        return str(self._call("GET", "/_sandbox/clock")["now"])

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> str:
        """Move the simulated clock on and return its new time."""
        total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        return str(self._call("POST", "/_sandbox/clock", {"advance_seconds": total})["now"])

    def set_clock(self, instant: str) -> str:
        """Move the simulated clock on to an RFC 3339 time and return it."""
        return str(self._call("POST", "/_sandbox/clock", {"set": instant})["now"])

    def served(self) -> dict[str, Any]:
        """{stream: {"records", "pages"}, ..., "faults": {fault: answers}}, as the server counts."""
        return self._call("GET", "/_sandbox/served")

    def reset_served(self) -> None:
        """Let the server count from nothing."""
        self._call("POST", "/_sandbox/served/reset")

    def faults(self, **plan: Any) -> dict[str, Any]:
        """Replace the plan of faults (see sandbox.smartpizza.faults); without arguments all faults end."""
        return self._call("PUT", "/_sandbox/faults", plan)

    def observed(self) -> dict[str, Any]:
        """The plan of faults and what came of it: "fired", "refusals", "early_calls"."""
        return self._call("GET", "/_sandbox/faults")

    def client(self, **options: Any) -> httpx.Client:
        """A client of /v1 with base URL and token set."""
        settings: dict[str, Any] = {
            "headers": {"authorization": f"Bearer {self.token}"},
            "timeout": 30,
            "trust_env": False,
            "verify": _NO_CERTIFICATES,
        }
        return httpx.Client(base_url=self.url, **settings | options)

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every page of a listing, as {"data", "next_page_token", "has_more", "as_of", "schema_version"}.

        Raises httpx.HTTPStatusError at the first answer that is not a success.
        """
        with self.client() as client:
            while True:
                answer = client.get(path, params=query).raise_for_status()
                page = msgspec.json.decode(answer.content)
                yield page
                if page["next_page_token"] is None:
                    return
                query["page_token"] = page["next_page_token"]

    def records(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """All records of a listing, in the order they were served."""
        return [record for page in self.pages(path, **{"page_size": 1000} | query) for record in page["data"]]

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        with self.client(headers={}) as client:
            answer = client.request(method, path, json=body)
        if answer.is_error:
            raise ValueError(answer.json()["detail"])
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def serve(config: Config | None = None, *, port: int = 0) -> Iterator[RunningApi]:
    """Serve a configuration (default: Config()) on 127.0.0.1 from a thread, until the block ends.

    Port 0 takes a free one. Raises ValueError or OSError when it cannot start, TimeoutError when it does
    not start or stop in time.

        with serve(Config(branches=2, days=3)) as api, api.client() as client:
            page = client.get("/v1/orders").json()
            api.advance(days=1)
    """
    config = config or Config()
    services = build(config)
    bound = listen("127.0.0.1", port)
    ready = threading.Event()
    server = ApiServer(services, ready.set)
    thread = threading.Thread(target=server.run, args=([bound],), name="smartpizza-api", daemon=True)
    try:
        thread.start()
        if not ready.wait(_SECONDS_TO_START):
            raise TimeoutError("the SmartPizza API did not start in time")
        yield RunningApi(url_of(bound), config.token)
    finally:
        server.should_exit = True
        thread.join(_SECONDS_TO_STOP)
        bound.close()
    if thread.is_alive():
        raise TimeoutError("the SmartPizza API did not stop in time")

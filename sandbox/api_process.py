"""A simulated API as a detached process: starting, finding, asking and stopping it."""

import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from typing import Any

import psutil

from sandbox import processes
from sandbox.apis import SimulatedApi
from sandbox.errors import ApiError
from sandbox.state import ApiOptions, State, project_root

_ATTEMPTS = 3


def url_of(port: int) -> str:
    """The API's address."""
    return f"http://127.0.0.1:{port}"


def find(state: State, api: SimulatedApi) -> list[psutil.Process]:
    """Its live processes for this state folder, told by their command line: no pid file can be stale."""
    clock_file = str(state.clock_file(api.name))
    return processes.find(lambda process: {api.module, clock_file} <= set(process.cmdline()))


def start(
    state: State, api: SimulatedApi, options: ApiOptions, preferred_port: int | None, timeout: float = 60.0
) -> int:
    """Starts the API, waits until it listens, and returns its port. Raises ApiError."""
    for _ in range(_ATTEMPTS):
        port = processes.free_port(preferred_port)
        if _launch(state, api, options, port, timeout):
            state.write_api(api.name, options, port)
            return port
        if processes.is_free(port):
            break
    log = state.log_file(api.name)
    raise ApiError(f"the {api.title} API did not start: {processes.tail(log, 1)} (see {log})")


def stop(state: State, api: SimulatedApi) -> bool:
    """Stops the API; False if it did not run. Raises ApiError."""
    running = find(state, api)
    try:
        if not processes.end(running, [(signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)]):
            raise ApiError(f"the {api.title} API (pid {running[0].pid}) does not end")
    except psutil.AccessDenied:
        raise ApiError(f"the {api.title} API (pid {running[0].pid}) belongs to another user") from None
    return bool(running)


def answers(port: int) -> bool:
    """Whether the API is well."""
    try:
        with _open(port, "/healthz"):
            return True
    except (OSError, ValueError):
        return False


def clock(api: SimulatedApi, port: int, move: dict[str, float] | None = None) -> str:
    """The simulated time (RFC 3339, UTC), after `move` ({"advance_seconds": ...}). Raises ApiError."""
    try:
        with _open(port, "/_sandbox/clock", move) as response:
            return str(json.load(response)["now"])
    except urllib.error.HTTPError as error:
        with error:
            raise ApiError(
                f"the {api.title} API refused: {error.read(300).decode('utf-8', 'replace')}"
            ) from None
    except (OSError, ValueError, KeyError) as error:
        raise ApiError(f"the {api.title} API at {url_of(port)} does not answer: {error}") from error


def _open(port: int, path: str, body: dict[str, float] | None = None) -> Any:
    request = urllib.request.Request(  # noqa: S310 - our own address
        url_of(port) + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    # Never through a proxy that the environment names.
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5)


def _launch(state: State, api: SimulatedApi, options: ApiOptions, port: int, timeout: float) -> bool:
    """Whether the API listens; False when it ended instead."""
    deadline = time.monotonic() + timeout
    path = state.log_file(api.name)
    place = ["--port", str(port), "--state", str(state.clock_file(api.name))]
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "ab") as log:
        process = processes.spawn(
            [sys.executable, "-m", api.module, *place, *api.arguments(options)],
            log=log,
            cwd=project_root(),
            env=os.environ | api.variables(state.secrets()) | {"PYTHONUNBUFFERED": "1"},
        )
    announced = f"listening on {url_of(port)}".encode()
    while process.poll() is None:
        if announced in path.read_bytes() and answers(port):
            return True
        if time.monotonic() > deadline:
            process.kill()
            raise ApiError(f"the {api.title} API did not listen within {timeout:.0f} s: see {path}")
        time.sleep(0.05)
    return False

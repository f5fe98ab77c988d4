"""Starting, stopping and looking at the whole sandbox; each returns the lines to show."""

import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from sandbox import api_process
from sandbox.apis import APIS, SimulatedApi
from sandbox.databases import create_database
from sandbox.env_files import write_env_files
from sandbox.errors import SandboxError, UsageError
from sandbox.files import locked
from sandbox.postgres import Cluster, Server
from sandbox.state import DATABASE, ApiOptions, State

_FLAGS = {
    "branches": "--branches",
    "days": "--days",
    "orders_per_day": "--orders",
    "seed": "--seed",
    "pizza_place": "--pizza-place",
}


@dataclass(frozen=True, slots=True)
class Report:
    """Lines for people, and whether all that was set up runs."""

    lines: list[str]
    healthy: bool = True


def up(state: State, with_api: bool, wanted: dict[str, Any]) -> Report:
    """Starts what does not run yet; `wanted` holds the API options that were given, by field of ApiOptions.

    Raises UsageError where they differ from those the data was made with, SandboxError where a start fails.
    """
    state.create()
    with locked(state.lock):
        options = _agreed_options(state, wanted) if with_api else None
        cluster = Cluster(state.pgdata)
        ran = cluster.status().state == "running"
        server = cluster.start()
        _ensure_database(server)
        lines = [f"postgres    {'already running' if ran else 'started'} on {server.host}:{server.port}"]
        if options is not None:
            for api in APIS:
                port, ran = _ensure_api(state, api, options)
                what = "already running" if ran else "started"
                lines.append(f"{api.name:<11} {what} at {api_process.url_of(port)}")
        write_env_files(state, server)
        lines.append(f"environment {state.env_file('reporter')} (role reporter; env.<role> beside it)")
    return Report(lines)


def down(state: State) -> Report:
    """Stops all that runs, also what a crash left behind. Raises SandboxError."""
    if not state.exists:
        return Report([f"nothing to stop: there is no sandbox in {state.folder}"])
    with locked(state.lock):
        return Report(_stop_all(state))


def status(state: State) -> Report:
    """One line each for Postgres and the APIs."""
    if not state.exists:
        return Report([f"postgres    not set up in {state.folder}: run `sandbox up`"], healthy=False)
    database = Cluster(state.pgdata).status()
    where = f" on 127.0.0.1:{database.port} (pid {database.pid})" if database.pid else ""
    lines = [f"postgres    {database.state}{where}"]
    healthy = database.state == "running"
    for api in APIS:
        line, well = _api_status(state, api)
        lines.append(f"{api.name:<11} {line}")
        healthy = healthy and well
    return Report(lines, healthy)


def reset(state: State) -> Report:
    """Stops everything and deletes the state folder with all data. Raises SandboxError."""
    if not state.exists:
        if state.folder.exists() and any(state.folder.iterdir()):
            raise UsageError(
                f"{state.folder} was not made by `sandbox up`: delete it yourself if you mean it"
            )
        return Report([f"nothing to delete: there is no sandbox in {state.folder}"])
    with locked(state.lock):
        lines = _stop_all(state)
        try:
            shutil.rmtree(state.folder)
        except OSError as error:
            raise SandboxError(
                f"{error.filename or state.folder} cannot be deleted: {error.strerror}"
            ) from error
    return Report([*lines, f"deleted     {state.folder}"])


def clock(state: State, move: dict[str, float] | None = None) -> Report:
    """The simulated time of each API (RFC 3339, UTC), after `move` ({"advance_seconds": ...}). Raises SandboxError."""
    ports = {api: _running_port(state, api) for api in APIS}
    return Report([f"{api.name:<11} {api_process.clock(api, port, move)}" for api, port in ports.items()])


def _running_port(state: State, api: SimulatedApi) -> int:
    known = state.api(api.name) if state.exists else None
    if known is None or not api_process.find(state, api):
        raise SandboxError(f"the {api.title} API is not running: start it with `sandbox up`")
    return known[1]


def _api_status(state: State, api: SimulatedApi) -> tuple[str, bool]:
    """What to say of an API, and whether that is well."""
    known = state.api(api.name)
    if known is None:
        return "not set up", True
    running = api_process.find(state, api)
    if not running:
        return "stopped", False
    where = f"running at {api_process.url_of(known[1])} (pid {running[0].pid})"
    try:
        return f"{where}, simulated time {api_process.clock(api, known[1])}", True
    except SandboxError:
        return f"{where}, does not answer", False


def _stop_all(state: State) -> list[str]:
    lines = [
        f"{api.name:<11} {'stopped' if api_process.stop(state, api) else 'was not running'}" for api in APIS
    ]
    database = "stopped" if Cluster(state.pgdata).stop() else "was not running"
    return [*lines, f"postgres    {database}"]


def _agreed_options(state: State, wanted: dict[str, Any]) -> ApiOptions:
    if (folder := wanted.get("pizza_place")) is not None and not (
        Path(folder) / "order_details.csv"
    ).is_file():
        raise UsageError(f"--pizza-place {folder}: give the folder that holds order_details.csv")
    known = next(filter(None, (state.api(api.name) for api in APIS)), None)
    if known is None:
        return replace(ApiOptions(), **wanted)
    made_with = asdict(known[0])
    if differing := [name for name, value in wanted.items() if made_with[name] != value]:
        have = ", ".join(f"{_FLAGS[name]} {made_with[name]}" for name in differing)
        want = ", ".join(f"{_FLAGS[name]} {wanted[name]}" for name in differing)
        raise UsageError(
            f"this sandbox was made with {have}; for {want} run `sandbox reset` first (deletes its data)"
        )
    return known[0]


def _ensure_api(state: State, api: SimulatedApi, options: ApiOptions) -> tuple[int, bool]:
    """The API's port, and whether it ran already; one that does not answer is replaced."""
    known = state.api(api.name)
    running = api_process.find(state, api)
    if known is not None and len(running) == 1 and api_process.answers(known[1]):
        return known[1], True
    api_process.stop(state, api)
    if known is None:
        # The clock of a first start that did not come to its end.
        state.clock_file(api.name).unlink(missing_ok=True)
    return api_process.start(state, api, options, known[1] if known else None), False


def _ensure_database(server: Server) -> None:
    try:
        with psycopg.connect(server.conninfo(), autocommit=True, connect_timeout=10) as connection:
            create_database(connection, DATABASE)
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise SandboxError(f"database {DATABASE} cannot be made on port {server.port}: {reason}") from error

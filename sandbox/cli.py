"""The command line of the sandbox: arguments and exit codes, nothing else."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from sandbox import lifecycle
from sandbox.errors import SandboxError, UsageError
from sandbox.state import ROLES, State, state_dir

app = typer.Typer(
    name="sandbox",
    help="All that a laptop needs: an embedded Postgres and simulated APIs (SmartPizza, Binance), on 127.0.0.1.",
    epilog="Everything is kept in .sandbox in the project's folder; SANDBOX_DIR names another one. "
    "Exit codes: 0 done, 1 failed (status: not all runs), 2 usage.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
clock = typer.Typer(
    help="Look at the simulated clocks, or move them forward.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(clock, name="clock")


@app.command()
def up(
    *,
    api: Annotated[bool, typer.Option("--api/--no-api", help="Start the simulated APIs too.")] = True,
    branches: Annotated[int | None, typer.Option(min=1, max=20_000, help="Branches (20).")] = None,
    days: Annotated[
        int | None, typer.Option(min=0, max=400, help="Days of history at the start (14).")
    ] = None,
    orders: Annotated[
        int | None, typer.Option(min=1, max=5_000, help="Orders of a branch in a day (200).")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of what is generated (1).")] = None,
    pizza_place: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Serve the Pizza Place CSV files in DIR instead of generated orders."
        ),
    ] = None,
) -> None:
    """Start what does not run yet; the first start makes passwords, database and environment files."""
    given = {
        "branches": branches,
        "days": days,
        "orders_per_day": orders,
        "seed": seed,
        "pizza_place": None if pizza_place is None else str(pizza_place.resolve()),
    }
    wanted = {name: value for name, value in given.items() if value is not None}
    if wanted and not api:
        raise UsageError("--no-api starts no API: leave out the options that describe it")
    _show(lifecycle.up(State(state_dir()), api, wanted))


@app.command()
def down() -> None:
    """Stop everything; the data stays."""
    _show(lifecycle.down(State(state_dir())))


@app.command()
def status() -> None:
    """Say what runs, one line each."""
    report = lifecycle.status(State(state_dir()))
    _show(report)
    if not report.healthy:
        raise typer.Exit(1)


@app.command()
def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Stop everything and delete all data."""
    state = State(state_dir())
    if state.exists and not yes:
        if not sys.stdin.isatty():
            raise UsageError(f"`sandbox reset` deletes {state.folder}: add --yes where nobody can be asked")
        typer.confirm(f"Delete {state.folder} with all its data?", abort=True)
    _show(lifecycle.reset(state))


@app.command()
def env(
    role: Annotated[str, typer.Argument(help=f"admin, {', '.join(ROLES)}.")] = "reporter",
) -> None:
    """Print the path of a role's environment file, for: . "$(sandbox env transformer)"."""
    if role not in ("admin", *ROLES):
        raise UsageError(f"no role {role}: choose from admin, {', '.join(ROLES)}")
    path = State(state_dir()).env_file(role)
    if not path.is_file():
        raise SandboxError(f"{path} does not exist yet: run `sandbox up`")
    typer.echo(path)


@clock.command("show")
def clock_show() -> None:
    """Print the simulated time of each API (UTC)."""
    _show(lifecycle.clock(State(state_dir())))


@clock.command("advance")
def clock_advance(
    days: Annotated[float, typer.Argument(min=0, metavar="DAYS", help="Simulated days, fractions too.")],
) -> None:
    """Move the simulated time of each API forward and print it (UTC)."""
    _show(lifecycle.clock(State(state_dir()), {"advance_seconds": days * 86_400}))


def _show(report: lifecycle.Report) -> None:
    for line in report.lines:
        typer.echo(line)


def main(arguments: list[str] | None = None) -> int:
    """Runs a command and returns its exit code: 0 done, 1 failed, 2 usage, 130 interrupted."""
    try:
        app(args=arguments, prog_name="sandbox")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except SandboxError as error:
        typer.echo(f"sandbox: {error}", err=True)
        return 2 if isinstance(error, UsageError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The simulated APIs that the sandbox runs, and how each is started."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from sandbox.binance.demo import SYMBOLS, WEEKS, demo_config
from sandbox.smartpizza.times import START_DATE
from sandbox.state import ApiOptions, Secrets


@dataclass(frozen=True)
class SimulatedApi:
    """An API in a process of its own: `python -m module`, with --port, --state and `arguments`.

    The process answers /healthz and keeps a clock at /_sandbox/clock. `variables` are its secrets; they travel in the
    environment, since everybody may read a command line. `settings` are those of its section in the sandbox's
    extract.toml, in TOML, besides base_url.
    """

    name: str
    title: str
    module: str
    arguments: Callable[[ApiOptions], list[str]]
    variables: Callable[[Secrets], dict[str, str]]
    settings: Callable[[ApiOptions], dict[str, str]]


def _smartpizza(options: ApiOptions) -> list[str]:
    arguments = [
        *("--branches", str(options.branches), "--days", str(options.days)),
        *("--orders-per-day", str(options.orders_per_day), "--seed", str(options.seed)),
    ]
    return [*arguments, "--pizza-place", options.pizza_place] if options.pizza_place else arguments


def _binance(options: ApiOptions) -> list[str]:
    return ["--config", msgspec.json.encode(demo_config(_first_now(options), options.seed)).decode()]


def _binance_settings(options: ApiOptions) -> dict[str, str]:
    start = _first_now(options) - dt.timedelta(weeks=WEEKS)
    return {
        "symbols": msgspec.json.encode(SYMBOLS).decode(),
        "start": f'"{start.date()}"',
        # The simulated clock is nowhere near this machine's.
        "max_skew_seconds": "1e9",
    }


def _first_now(options: ApiOptions) -> dt.datetime:
    """Where the clock of generated SmartPizza starts too."""
    day = START_DATE + dt.timedelta(days=options.days)
    return dt.datetime.combine(day, dt.time(), dt.UTC)


APIS = (
    SimulatedApi(
        "smartpizza",
        "SmartPizza",
        "sandbox.smartpizza",
        _smartpizza,
        lambda secrets: {"SMARTPIZZA_TOKEN": secrets.token},
        lambda _options: {},
    ),
    SimulatedApi("binance", "Binance", "sandbox.binance", _binance, lambda _secrets: {}, _binance_settings),
)

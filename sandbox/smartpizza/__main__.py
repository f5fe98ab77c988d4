"""python -m sandbox.smartpizza: serve the simulated API until SIGINT or SIGTERM.

Prints one line, "listening on http://127.0.0.1:PORT", when it is ready.
Exit codes: 0 stopped, 2 cannot start.
"""

import argparse
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from sandbox.smartpizza.config import Config
from sandbox.smartpizza.server import ApiServer, listen, url_of
from sandbox.smartpizza.services import build


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; returns the exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        services = build(
            Config(
                branches=options.branches,
                days=options.days,
                orders_per_day=options.orders_per_day,
                seed=options.seed,
                token=options.token,
                state=options.state,
                pizza_place=options.pizza_place,
            )
        )
        bound = listen(options.host, options.port)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"sandbox.smartpizza: cannot start: {error}\n")
        return 2
    with bound:
        ApiServer(services, lambda: _announce(url_of(bound))).run([bound])
    return 0


def _announce(url: str) -> None:
    sys.stdout.write(f"listening on {url}\n")
    sys.stdout.flush()


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Uvicorn closes down first, then raises the signal again for this handler."""
    sys.exit(0)


def _parser() -> argparse.ArgumentParser:
    defaults = Config()
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.smartpizza", description="Serve the SmartPizza API."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to bind to (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port, 0 for a free one (default: %(default)s)")
    parser.add_argument("--branches", type=int, default=defaults.branches, help="default: %(default)s")
    parser.add_argument(
        "--days", type=int, default=defaults.days, help="days of history (default: %(default)s)"
    )
    parser.add_argument("--orders-per-day", type=int, default=defaults.orders_per_day,
                        help="orders of a branch in a day (default: %(default)s)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=defaults.seed, help="default: %(default)s")
    parser.add_argument("--token", default=os.environ.get("SMARTPIZZA_TOKEN") or defaults.token,
                        help="bearer token (default: SMARTPIZZA_TOKEN, else a well-known one)")  # fmt: skip
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the simulated clock here")
    parser.add_argument(
        "--pizza-place", type=Path, metavar="DIR", help="serve the Pizza Place CSV files found here"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

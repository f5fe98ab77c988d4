"""python -m sandbox.pace: moves a simulated API's clock on, beat by beat, until it is stopped.

For the demo in a cluster, where nobody types `sandbox clock advance`. Runs beside the API, which lets only its own
machine move the clock. Exit code 0 when stopped.
"""

import argparse
import signal
import sys
import time
from types import FrameType

import httpx


def main(arguments: list[str] | None = None) -> int:
    """Beats until SIGTERM or SIGINT; an API that does not answer misses the beat, which stderr tells."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.pace", description="Move a simulated clock on.")
    parser.add_argument("--url", required=True, help="base URL of the simulated API, on this machine")
    parser.add_argument("--every", type=float, default=60, help="seconds between two beats (default: 60)")
    parser.add_argument(
        "--advance", type=float, default=3600, help="simulated seconds a beat (default: 3600)"
    )
    options = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    with httpx.Client(base_url=options.url, timeout=10, trust_env=False) as client:
        while True:
            time.sleep(options.every)
            try:
                move = {"advance_seconds": options.advance}
                client.post("/_sandbox/clock", json=move).raise_for_status()
            except httpx.HTTPError as error:
                sys.stderr.write(f"sandbox.pace: {options.url}: {type(error).__name__}: {error}\n")


def _stop(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())

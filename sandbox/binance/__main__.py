"""python -m sandbox.binance: serve the simulated Binance until SIGINT or SIGTERM.

Prints one line, "listening on http://HOST:PORT", when it is ready.
Exit codes: 0 stopped, 2 cannot start.
"""

import argparse
import datetime as dt
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec

from sandbox.binance.config import BinanceConfig
from sandbox.binance.files import files_in, read_candle_file
from sandbox.binance.server import BinanceServer
from sandbox.binance.services import Services


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; returns the exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server = BinanceServer(Services(_config(options), options.state), options.host, options.port)
    except (msgspec.MsgspecError, OSError, OverflowError, ValueError) as error:
        sys.stderr.write(f"sandbox.binance: cannot start: {error}\n")
        return 2
    if options.until_eof:
        threading.Thread(target=_end_with_input, daemon=True).start()
    sys.stdout.write(f"listening on {server.url}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    return 0


def _config(options: argparse.Namespace) -> BinanceConfig:
    """The configuration of --config, with the options that have a name of their own."""
    changed: dict[str, Any] = msgspec.json.decode(options.config, type=dict[str, Any])
    named = {name: getattr(options, name) for name in ("seed", "now", "rate", "symbols")}
    changed |= {name: value for name, value in named.items() if value is not None}
    if options.files is not None:
        files = files_in(options.files)
        changed["files"] = msgspec.to_builtins(files)
        if "now" not in changed:
            # Within the open candle that the oldest file ends with.
            first = min(read_candle_file(file).served_from for file in files)
            changed["now"] = (
                dt.datetime.fromtimestamp(first / 1000, dt.UTC) + dt.timedelta(seconds=30)
            ).isoformat()
    return msgspec.convert(changed, BinanceConfig)


def _end_with_input() -> None:
    """Whoever started this process holds its input open; it ends with them, however they end."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.binance", description="Serve Binance's candles.")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind to (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port, 0 for a free one (default: %(default)s)")
    parser.add_argument(
        "--symbols", nargs="+", metavar="NAME", help="default: BTCUSDT ETHUSDT BNBUSDT SOLUSDT"
    )
    parser.add_argument("--now", metavar="TIME", help="the clock's start, RFC 3339 with a zone")
    parser.add_argument(
        "--rate", type=float, help="seconds of the clock in a real one, 0 stands (default: 0)"
    )
    parser.add_argument("--seed", type=int, help="default: 1")
    parser.add_argument(
        "--files", type=Path, metavar="FOLDER", help="serve the CSV files of candles found here"
    )
    parser.add_argument("--config", default="{}", metavar="JSON", help="any field of BinanceConfig")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the clock here")
    parser.add_argument("--until-eof", action="store_true", help="stop when standard input ends")
    return parser


if __name__ == "__main__":
    sys.exit(main())

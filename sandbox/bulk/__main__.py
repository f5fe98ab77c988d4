"""python -m sandbox.bulk: serve orders in bulk until SIGINT or SIGTERM.

Prints one line of JSON when it is ready: {"url": ..., "token": ...}.
Exit codes: 0 stopped, 2 cannot start.
"""

import argparse
import os
import signal
import sys
import threading

import msgspec

from sandbox.bulk.config import BulkConfig
from sandbox.bulk.server import BulkServer


def main() -> int:
    """Serve until told to stop; returns the exit code."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        config = msgspec.json.decode(options.config, type=BulkConfig)
        named = {name: getattr(options, name) for name in ("records", "delay_ms", "token")}
        changed = msgspec.to_builtins(config) | {k: v for k, v in named.items() if v is not None}
        server = BulkServer(msgspec.convert(changed, BulkConfig), options.port)
    except (msgspec.MsgspecError, OSError, OverflowError) as error:
        sys.stderr.write(f"sandbox.bulk: cannot start: {error}\n")
        return 2
    if options.until_eof:
        threading.Thread(target=_end_with_input, daemon=True).start()
    ready = {"url": server.url, "token": server.config.token}
    sys.stdout.write(msgspec.json.encode(ready).decode() + "\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    return 0


def _end_with_input() -> None:
    """Whoever started this process holds its input open; it ends with them, however they end."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.bulk", description="Serve orders in bulk.")
    parser.add_argument("--records", type=int, help="how many orders (default: 1000)")
    parser.add_argument("--delay-ms", type=float, help="wait so long before each answer (default: 0)")
    parser.add_argument("--token", help="bearer token (default: a well-known one)")
    parser.add_argument("--port", type=int, default=0, help="port, 0 for a free one (default: %(default)s)")
    parser.add_argument("--config", default="{}", metavar="JSON", help="any field of BulkConfig")
    parser.add_argument("--until-eof", action="store_true", help="stop when standard input ends")
    return parser


if __name__ == "__main__":
    sys.exit(main())

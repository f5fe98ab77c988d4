"""A running Binance in the hands of a test or a tool: start one, move its clock, read its counts, break it."""

import datetime as dt
import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from sandbox.binance.config import BinanceConfig
from sandbox.smartpizza.times import format_instant

_ROOT = Path(__file__).resolve().parents[2]
_SECONDS_TO_ANSWER = 60
_SECONDS_TO_STOP = 10


class RunningBinance:
    """The admin side of a running API; `url` is its base URL without a slash at its end.

    Instants in reports are milliseconds of the server's clock. Methods raise OSError or http.client.HTTPException
    when the server cannot be reached and ValueError, with its words, when it refuses.
    """

    def __init__(self, url: str, pid: int | None = None) -> None:
        self.url = url
        self.pid = pid

    @property
    def now(self) -> dt.datetime:
        """The server's clock, in UTC."""
        return dt.datetime.fromisoformat(self._call("GET", "/_sandbox/clock")["now"])

    def advance(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> dt.datetime:
        """Moves the clock on and returns its new time."""
        moved = dt.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return self._clock(advance_seconds=moved.total_seconds())

    def set_clock(self, moment: dt.datetime) -> dt.datetime:
        """Moves the clock on to a time and returns it."""
        since = moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        return self._clock(set=format_instant(since // dt.timedelta(milliseconds=1)))

    def run_clock(self, rate: float) -> dt.datetime:
        """Lets the clock run `rate` times as fast as real time from now on; 0 stops it."""
        return self._clock(rate=rate)

    @property
    def config(self) -> BinanceConfig:
        """What is served now."""
        return msgspec.json.decode(self._bytes("GET", "/_sandbox/config"), type=BinanceConfig)

    def change(self, **fields: Any) -> BinanceConfig:
        """Replaces fields of the configuration, such as neighbour=... or restatements=...; returns it.

        The clock goes on as it does (see `run_clock`), counts and bans stay.
        """
        changed = msgspec.json.encode(msgspec.structs.replace(self.config, **fields))
        return msgspec.json.decode(self._bytes("PUT", "/_sandbox/config", changed), type=BinanceConfig)

    def served(self) -> dict[str, dict[str, int]]:
        """{"klines/BTCUSDT/15m": {"records", "pages"}, ..., "faults": {fault: answers}}: of whole answers.

        The other streams are agg_trades/<symbol>, symbols, tickers, time and ping.
        """
        found: dict[str, dict[str, int]] = self._call("GET", "/_sandbox/served")
        return found

    def requests(self) -> list[dict[str, Any]]:
        """Each request as {"at", "address", "path", "query", "status", "weight"}; status 0 is a broken answer."""
        found: list[dict[str, Any]] = self._call("GET", "/_sandbox/requests")
        return found

    def limits(self) -> dict[str, Any]:
        """Used weight, refusals, and calls that should not have been made.

        {"minutes": [{"at", "address", "weight", "requests", "neighbour"}], "too_many": 429s, "banned": 418s,
        "calls_in_ban": [{"address", "at", "since", "until"}]}. `neighbour` is what somebody else behind the address
        used in all of that clock minute; the request that a ban answers is none of the calls in it.
        """
        found: dict[str, Any] = self._call("GET", "/_sandbox/limits")
        return found

    def ban(self, seconds: float = 120.0, address: str = "127.0.0.1") -> dt.datetime:
        """Bans an address for so many seconds of the server's clock; returns until when."""
        body = msgspec.json.encode({"seconds": seconds, "address": address})
        return dt.datetime.fromisoformat(self._call("PUT", "/_sandbox/ban", body)["until"])

    def reset(self) -> None:
        """Counts from nothing: served, requests, limits; bans end, faults stay."""
        self._call("PUT", "/_sandbox/reset")

    def faults(self, **plan: Any) -> dict[str, Any]:
        """Replaces the plan of faults (see sandbox.binance.faults); without arguments all faults end."""
        found: dict[str, Any] = self._call("PUT", "/_sandbox/faults", msgspec.json.encode(plan))
        return found

    def observed(self) -> dict[str, Any]:
        """The plan of faults and what came of it: "fired", "refusals", "early_calls"."""
        found: dict[str, Any] = self._call("GET", "/_sandbox/faults")
        return found

    def klines(self, symbol: str, interval: str) -> list[list[Any]]:
        """All candles as they are served now, for comparison; costs no weight."""
        found: list[list[Any]] = self._call("GET", _candles("klines", symbol, interval))
        return found

    def defects(self, symbol: str, interval: str) -> dict[str, Any]:
        """What is odd about these candles: see sandbox.binance.defects."""
        found: dict[str, Any] = self._call("GET", _candles("defects", symbol, interval))
        return found

    def _clock(self, **move: float | str) -> dt.datetime:
        found = self._call("PUT", "/_sandbox/clock", msgspec.json.encode(move))
        return dt.datetime.fromisoformat(found["now"])

    def _call(self, method: str, path: str, body: bytes = b"") -> Any:
        return msgspec.json.decode(self._bytes(method, path, body))

    def _bytes(self, method: str, path: str, body: bytes = b"") -> bytes:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=_SECONDS_TO_ANSWER)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            found = answer.read()
        finally:
            connection.close()
        if answer.status != http.HTTPStatus.OK:
            raise ValueError(msgspec.json.decode(found)["detail"])
        return found


@contextmanager
def served(config: BinanceConfig | None = None, *, port: int = 0) -> Iterator[RunningBinance]:
    """Serves a configuration (default: BinanceConfig()) on 127.0.0.1 from a new process, until the block ends.

    The process also ends when this one does, however that is. Port 0 takes a free one. Raises RuntimeError when it
    cannot start.
    """
    command = [sys.executable, "-m", "sandbox.binance", "--until-eof", "--port", str(port)]
    command += ["--config", msgspec.json.encode(config or BinanceConfig()).decode()]
    process = subprocess.Popen(  # noqa: S603 - the sandbox's own program
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
    )
    with process:
        try:
            if process.stdout is None:
                raise AssertionError("the process has no standard output")
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("the Binance API did not start; it has said why on standard error")
            yield RunningBinance(line.split()[-1].decode(), process.pid)
        finally:
            process.terminate()
            try:
                process.wait(_SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                process.kill()


def _candles(what: str, symbol: str, interval: str) -> str:
    return f"/_sandbox/{what}?{urlencode({'symbol': symbol, 'interval': interval})}"

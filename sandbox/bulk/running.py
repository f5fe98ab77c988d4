"""A running bulk API in the hands of a test or a benchmark."""

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from sandbox.bulk.config import BulkConfig
from sandbox.bulk.counts import Counts
from sandbox.bulk.page_faults import FaultPlan

_ROOT = Path(__file__).resolve().parents[2]
_SECONDS_TO_ANSWER = 30
_SECONDS_TO_STOP = 10


class _Ready(msgspec.Struct):
    url: str
    token: str


class RunningBulk:
    """The admin side of a bulk API in a process of its own; `pid` is that process.

    `url` is the base URL without a slash at its end, `token` the bearer token. Methods raise OSError or
    http.client.HTTPException when the server cannot be reached, ValueError for what makes no sense.
    """

    def __init__(self, ready: _Ready, config: BulkConfig, pid: int) -> None:
        self.url = ready.url
        self.token = ready.token
        self.config = config
        self.pid = pid

    def faults(self, **plan: Any) -> FaultPlan:
        """Replaces the plan of page faults (see FaultPlan); without arguments all faults end."""
        changed = msgspec.convert(plan, FaultPlan)
        self._call("PUT", "/_sandbox/faults", msgspec.json.encode(changed))
        return changed

    def change(self, **fields: Any) -> BulkConfig:
        """Replaces fields of the configuration, such as records=..., fixed=True or delay_ms=100."""
        changed = msgspec.convert(msgspec.to_builtins(self.config) | fields, BulkConfig)
        self._call("PUT", "/_sandbox/config", msgspec.json.encode(changed))
        self.config = changed
        self.token = changed.token
        return changed

    def expire_tokens(self) -> None:
        """From now on every page token issued so far answers 410."""
        self._call("PUT", "/_sandbox/expired")

    def counts(self) -> Counts:
        """What was asked and answered since the start or the last reset."""
        return msgspec.json.decode(self._call("GET", "/_sandbox/counts"), type=Counts)

    def reset(self) -> None:
        """Counts from nothing, so that each page's next request is its first; the faults stay."""
        self._call("PUT", "/_sandbox/reset")

    def _call(self, method: str, path: str, body: bytes = b"") -> bytes:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=_SECONDS_TO_ANSWER)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            found = answer.read()
        finally:
            connection.close()
        if answer.status != http.HTTPStatus.OK:
            raise ValueError(f"{method} {path}: {answer.status}: {found.decode()}")
        return found


@contextmanager
def serve_bulk(config: BulkConfig | None = None, *, port: int = 0) -> Iterator[RunningBulk]:
    """Serves a configuration (default: BulkConfig()) on 127.0.0.1 from a new process, until the block ends.

    The process also ends when this one does, however that is. Port 0 takes a free one. Raises RuntimeError
    when it cannot start.
    """
    config = config or BulkConfig()
    command = [sys.executable, "-m", "sandbox.bulk", "--until-eof", "--port", str(port)]
    command += ["--config", msgspec.json.encode(config).decode()]
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
                raise RuntimeError("the bulk API did not start; it has said why on standard error")
            yield RunningBulk(msgspec.json.decode(line, type=_Ready), config, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(_SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                process.kill()

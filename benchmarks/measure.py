"""What a process costs: wall-clock seconds, CPU seconds, peak memory."""

import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
_SECONDS_BETWEEN_LOOKS = 0.05


class CommandFailedError(Exception):
    """A measured command failed or took too long; says which and what it told last."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What commands cost together. `peak_bytes` is the sum over their processes, `outputs` one a command."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    outputs: tuple[str, ...]


def measured(*commands: Sequence[str], env: Mapping[str, str] | None = None, seconds: float = 900) -> Usage:
    """Runs `commands` side by side from the project's root, with `env` added to the environment.

    Raises CommandFailedError where one of them fails, or is ended for not being done after `seconds`.
    """
    with tempfile.TemporaryFile() as told:
        started = time.monotonic()
        runs = [_Run(command, {**os.environ, **(env or {})}, told.fileno()) for command in commands]
        look = threading.Thread(target=_look, args=(runs, started + seconds))
        look.start()
        cpu = sum(run.wait() for run in runs)
        wall = time.monotonic() - started
        look.join()
        told.seek(0)
        last = " | ".join(told.read().decode("utf-8", "replace").strip().splitlines()[-3:])
    for run in runs:
        if run.code:
            name = " ".join(run.command)[:200]
            raise CommandFailedError(f"{name} ended with {run.code} after {wall:.0f} s: {last}")
    return Usage(wall, cpu, sum(run.peak for run in runs), tuple(run.output() for run in runs))


class _Run:
    def __init__(self, command: Sequence[str], env: Mapping[str, str], told: int) -> None:
        self.command = command
        self.code: int | None = None
        self.peak = 0
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed once it is read
        self._process = subprocess.Popen(  # noqa: S603 - our own commands
            command, env=dict(env), cwd=ROOT, stdout=self._output, stderr=told, start_new_session=True
        )

    def wait(self) -> float:
        """CPU seconds of the process and of those it waited for."""
        _, status, usage = os.wait4(self._process.pid, 0)
        self.code = self._process.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_utime + usage.ru_stime

    def look(self) -> None:
        """Takes the memory of the process and its children into the peak."""
        try:
            process = psutil.Process(self._process.pid)
            family = [process, *process.children(recursive=True)]
            self.peak = max(self.peak, sum(_peak_bytes(each) for each in family))
        except psutil.NoSuchProcess:
            return

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def output(self) -> str:
        with self._output as output:
            output.seek(0)
            return output.read().decode("utf-8", "replace")


def _look(runs: Sequence[_Run], deadline: float) -> None:
    while running := [run for run in runs if run.code is None]:
        for run in running:
            run.look()
            if time.monotonic() > deadline:
                run.end()
        time.sleep(_SECONDS_BETWEEN_LOOKS)


def _peak_bytes(process: psutil.Process) -> int:
    """The kernel's own peak where it tells one: rusage would hand down the peak of this process."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text("ascii"))
    except OSError:
        found = None
    return int(found[1]) * 1024 if found else int(process.memory_info().rss)

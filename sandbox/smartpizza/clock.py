"""The simulated clock: it stands still until a caller moves it, or runs at a rate; it survives a restart."""

import json
import os
import threading
import time
from pathlib import Path

from sandbox.smartpizza.times import NEVER, SECOND, format_instant, parse_instant


class Clock:
    """The simulation's `now`, in milliseconds since 1970; kept in the state file if there is one.

    A clock with a rate (simulated seconds in a real one) runs on while no server does.
    """

    def __init__(self, start: int, state: Path | None = None, rate: float = 0.0) -> None:
        """Go on from the state file if there is one. Raises ValueError when it cannot be read."""
        self._lock = threading.Lock()
        self._state = state
        self._now, self._at, self._rate = start, time.time(), rate
        if state is not None and state.exists():
            try:
                stored = json.loads(state.read_text())
                self._now = parse_instant(stored["now"])
                self._at, self._rate = float(stored.get("at", self._at)), float(stored.get("rate", rate))
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(
                    f"{state} is not a clock's state file ({error}): remove it to start anew"
                ) from error
        elif state is not None:
            self._save(start, self._at, rate)

    @property
    def now(self) -> int:
        """The simulated instant."""
        if not self._rate:
            return self._now
        with self._lock:
            return self._running()

    @property
    def rate(self) -> float:
        """Simulated seconds in a real one; 0 stands still."""
        return self._rate

    def advance(self, seconds: float) -> int:
        """Move on by simulated seconds; returns the new instant. Raises ValueError when they are negative."""
        with self._lock:
            now = self._running()
            return self._move(now, now + round(seconds * SECOND), self._rate)

    def set(self, instant: int) -> int:
        """Move on to an instant and return it. Raises ValueError when it lies in the simulated past."""
        with self._lock:
            return self._move(self._running(), instant, self._rate)

    def run(self, rate: float) -> int:
        """Go on at another rate from the present instant, which is returned. Raises ValueError below 0."""
        if rate < 0:
            raise ValueError(f"the clock's rate is {rate}: give 0 (it stands still) or more")
        with self._lock:
            now = self._running()
            return self._move(now, now, rate)

    def _running(self) -> int:
        # Should the machine's clock be set back, this one waits for it.
        return self._now + round(max(0.0, time.time() - self._at) * self._rate * SECOND)

    def _move(self, now: int, instant: int, rate: float) -> int:
        if not now <= instant < NEVER:
            raise ValueError(f"the clock stands at {format_instant(now)} and only moves forward")
        at = time.time()
        self._save(instant, at, rate)
        self._now, self._at, self._rate = instant, at, rate
        return instant

    def _save(self, instant: int, at: float, rate: float) -> None:
        if self._state is None:
            return
        kept: dict[str, str | float] = {"now": format_instant(instant)}
        if rate:
            kept |= {"at": at, "rate": rate}
        fresh = self._state.with_name(self._state.name + ".new")
        fresh.write_text(json.dumps(kept) + "\n")
        os.replace(fresh, self._state)

"""The simulated clock: it stands still until a caller moves it, and survives a restart."""

import json
import os
import threading
from pathlib import Path

from sandbox.smartpizza.times import NEVER, SECOND, format_instant, parse_instant


class Clock:
    """The simulation's `now`, in milliseconds since 1970; kept in the state file if there is one."""

    def __init__(self, start: int, state: Path | None = None) -> None:
        """Go on from the state file if there is one. Raises ValueError when it cannot be read."""
        self._lock = threading.Lock()
        self._state = state
        self._now = start
        if state is not None and state.exists():
            try:
                self._now = parse_instant(json.loads(state.read_text())["now"])
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(
                    f"{state} is not a clock's state file ({error}): remove it to start anew"
                ) from error
        elif state is not None:
            self._save(start)

    @property
    def now(self) -> int:
        """The simulated instant."""
        return self._now

    def advance(self, seconds: float) -> int:
        """Move on by simulated seconds; returns the new instant. Raises ValueError when they are negative."""
        with self._lock:
            return self._move(self._now + round(seconds * SECOND))

    def set(self, instant: int) -> int:
        """Move on to an instant and return it. Raises ValueError when it lies in the simulated past."""
        with self._lock:
            return self._move(instant)

    def _move(self, instant: int) -> int:
        if not self._now <= instant < NEVER:
            raise ValueError(f"the clock stands at {format_instant(self._now)} and only moves forward")
        self._save(instant)
        self._now = instant
        return instant

    def _save(self, instant: int) -> None:
        if self._state is None:
            return
        fresh = self._state.with_name(self._state.name + ".new")
        fresh.write_text(json.dumps({"now": format_instant(instant)}) + "\n")
        os.replace(fresh, self._state)

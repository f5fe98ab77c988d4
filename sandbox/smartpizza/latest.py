"""Remembering the last answer to an expensive question."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Latest(Generic[Value]):
    """Holds one value, that of the last key asked for; others that ask meanwhile wait for it. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: tuple[Hashable, Value] | None = None

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of the key, made anew unless it is the one held."""
        with self._lock:
            if self._held is None or self._held[0] != key:
                # Let go of the old one first: both at once would not fit in memory.
                self._held = None
                self._held = (key, make())
            return self._held[1]

"""How much may be asked of an API at the moment: a budget shared through Postgres, and pauses the API asks for."""

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from psycopg_pool import ConnectionPool

from extract.database import database_errors
from extract.errors import ConfigurationError
from extract.source import Source, SourceSettings, UsageHeader
from extract.usage import ApiClock, left_of

_LEFT_ALONE = 0.02


@dataclass(frozen=True, slots=True)
class Turn:
    """When a request may be sent: now where `wait_seconds` is 0, else ask again after them with the turn.

    `paused` says that the API itself asked to wait.
    """

    wait_seconds: float
    paused: bool = False
    ticket: int | None = None


class Budget(Protocol):
    """What decides when a request may be sent. Threads share it."""

    def take(self, cost: int, turn: Turn | None = None) -> Turn:
        """The turn of a request of `cost` units; `turn` is the one it has waited for, if it has."""
        ...

    def pause(self, seconds: float) -> None:
        """Nobody sends anything for so long."""
        ...

    def learn(self, headers: Mapping[str, str], took: float) -> None:
        """Takes note of what headers tell about use by others; their answer came `took` seconds after its request."""
        ...


class LocalPause:
    """No budget: only a pause the API asks for holds, for all threads of this process."""

    def __init__(self) -> None:
        self._until = 0.0
        self._guard = threading.Lock()

    def take(self, cost: int, turn: Turn | None = None) -> Turn:  # noqa: ARG002 - the cost is not limited
        left = self._until - time.monotonic()
        return Turn(left, paused=True) if left > 0 else Turn(0)

    def pause(self, seconds: float) -> None:
        with self._guard:
            self._until = max(self._until, time.monotonic() + seconds)

    def learn(self, headers: Mapping[str, str], took: float) -> None:
        """Nothing: there is no budget to correct."""


class SharedBudget:
    """A row of ops.request_budgets, shared by all who name it; each step is one short statement.

    Where headers tell of use by others, a fiftieth of the limit is left alone: what is on its way, ours and theirs,
    is in no header yet. Raises UnreachableError where the database is away; a pause then holds in this process at
    least.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        name: str,
        *,
        per_minute: int,
        burst: int,
        usage: UsageHeader | None = None,
        minute_seconds: float = 60,
    ) -> None:
        self._pool = pool
        # The statements count in our minutes.
        steady = round((per_minute - burst) * 60 / minute_seconds)
        self._row: dict[str, str | int] = {"name": name, "per_minute": steady + burst, "burst": burst}
        self._unit_seconds = 60 / steady
        self._second = minute_seconds / 60
        self._per_minute = per_minute
        self._burst = burst
        self._usage = usage
        self._clock = ApiClock(60 / minute_seconds)
        self._here = LocalPause()

    def take(self, cost: int, turn: Turn | None = None) -> Turn:
        here = self._here.take(cost)
        if here.wait_seconds > 0:
            return here
        if cost > self._burst:
            raise ConfigurationError(
                f"a request of {cost} units never fits budget {self._row['name']}: set its burst to {cost} or more"
            )
        statement = """
            select wait_seconds, paused, ticket
            from ops.take_from_budget(%(name)s, %(cost)s, %(per_minute)s, %(burst)s, %(held)s)
        """
        values = self._row | {"cost": cost, "held": turn.ticket if turn is not None else None}
        with database_errors(), self._pool.connection() as connection:
            row = connection.execute(statement, values).fetchone()
        if row is None:
            raise AssertionError("take_from_budget gives one row")
        return Turn(*row)

    def pause(self, seconds: float) -> None:
        self._here.pause(seconds)
        statement = "select ops.pause_budget(%(name)s, %(seconds)s, %(per_minute)s, %(burst)s)"
        with database_errors(), self._pool.connection() as connection:
            connection.execute(statement, self._row | {"seconds": seconds})

    def learn(self, headers: Mapping[str, str], took: float) -> None:
        if self._usage is None:
            return
        clock = self._clock.read(headers)
        if self._usage.reset is None and (clock - took / self._second) // 60 != clock // 60:
            return  # asked in one minute and dated in the next: nobody knows for which one it counts
        left = left_of(self._usage, headers, self._per_minute, clock)
        if left is None:
            return
        remaining = max(0.0, left.remaining - self._per_minute * _LEFT_ALONE)
        seconds = left.seconds * self._second
        if seconds + (self._burst - remaining) * self._unit_seconds <= 0:
            return  # more is left than the budget itself grants in that time
        statement = """
            select ops.correct_budget(%(name)s, %(remaining)s, %(seconds)s, %(per_minute)s, %(burst)s)
        """
        values = self._row | {"remaining": remaining, "seconds": seconds}
        with database_errors(), self._pool.connection() as connection:
            connection.execute(statement, values)


def budget_of(source: Source, settings: SourceSettings, pool: ConnectionPool) -> Budget:
    """The budget that a source's settings describe; without one, only the pauses an API asks for.

    Raises ConfigurationError where a stream's request never fits.
    """
    budget = settings.budget
    if budget is None:
        return LocalPause()
    cost, dearest = max(_costs(source, settings))
    burst = budget.burst or max(budget.per_minute // 50, cost)
    section = f"[sources.{source.name}.budget]"
    if cost > burst:
        raise ConfigurationError(
            f"config: {section} burst = {burst} is less than a request of {dearest} costs: {cost}"
        )
    if burst >= budget.per_minute:
        raise ConfigurationError(
            f"config: {section} per_minute = {budget.per_minute} must be more than a request of {dearest} "
            f"costs: {cost}"
        )
    return SharedBudget(
        pool,
        budget.name or source.name,
        per_minute=budget.per_minute,
        burst=burst,
        usage=source.usage,
        minute_seconds=budget.minute_seconds,
    )


def _costs(source: Source, settings: SourceSettings) -> Iterator[tuple[int, str]]:
    """What a request of each kind costs, and what asks for it."""
    for stream in source.streams:
        yield from ((stream.cost(part), stream.name) for part in stream.parts_by(settings))
    if source.preflight is not None:
        looks = (source.preflight.clock, source.preflight.listed)
        yield from ((look.request_cost, "the preflight") for look in looks if look is not None)

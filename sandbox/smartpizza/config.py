"""What one simulated SmartPizza is made of."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class DriftCalendar:
    """Days (0 is the first simulated day, UTC) on which the order's shape changes; None means never.

    A record has the shape of the day of its own `updated_at`; ids and half-and-half lines follow `placed_at`.
    """

    loyalty_points: int | None = 3
    store_id: int | None = 5
    both_branch_keys_days: int = 30
    halves: int | None = 6
    null_arrays: int | None = 7
    money_objects: int | None = 8
    scheduled: int | None = 9
    quantity_strings: int | None = 10
    uuid_v7: int | None = 12


NO_DRIFT = DriftCalendar(None, None, 30, None, None, None, None, None, None)


@dataclass(frozen=True)
class Rates:
    """How often the unusual happens, as shares of the orders (or customers, counts) it can happen to."""

    late: float = 0.003
    tombstone: float = 0.001
    double_submission: float = 0.0005
    cancelled: float = 0.02
    refunded: float = 0.015
    charged_back: float = 0.002
    half_and_half: float = 0.04
    pre_order: float = 0.05
    inventory_correction: float = 0.02
    late_commit: float = 0.03
    customer_erased_per_day: float = 0.0003
    customer_merged_per_day: float = 0.0006


@dataclass(frozen=True)
class Config:
    """One simulated SmartPizza. Equal configurations serve equal records.

    `days` of history are there at the start. With `pizza_place` (the folder of the Pizza Place CSV files)
    those orders are served and branches, days, orders_per_day, drift and rates have no say.
    `token_seconds` is wall-clock time; all other times are simulated. Raises ValueError on values that
    make no sense.
    """

    branches: int = 20
    days: int = 14
    orders_per_day: int = 200
    seed: int = 1
    token: str = "sandbox-token"  # noqa: S105 - opens nothing but this simulation
    token_seconds: float = 900.0
    uneven_pages: bool = True
    late_commits: bool = False
    branch_opens_day: int = 6
    branch_closes_day: int = 9
    state: Path | None = None
    pizza_place: Path | None = None
    drift: DriftCalendar = field(default_factory=DriftCalendar)
    rates: Rates = field(default_factory=Rates)

    def __post_init__(self) -> None:
        for name, low, high in (("branches", 1, 20_000), ("days", 0, 400), ("orders_per_day", 1, 5_000)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} is {value}: give a whole number from {low} to {high}")
        if not self.token or not self.token.isascii():
            raise ValueError("token is empty or not ASCII: give the bearer token that clients must send")

"""Simulated APIs shared by the sandbox's tests."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.binance import BinanceConfig, Limits, RunningBinance, served
from sandbox.smartpizza import Config, Rates, RunningApi, serve

SMARTPIZZA_RATES = Rates(
    late=0.03, tombstone=0.01, double_submission=0.01, refunded=0.05, charged_back=0.03, half_and_half=0.1
)
SMARTPIZZA_CONFIG = Config(branches=8, days=14, orders_per_day=50, rates=SMARTPIZZA_RATES)


@pytest.fixture(scope="session")
def smartpizza_api() -> Iterator[RunningApi]:
    """Fourteen days of eight branches where rare things are less rare. Nobody moves its clock."""
    with serve(SMARTPIZZA_CONFIG) as api:
        yield api


@pytest.fixture(scope="session")
def smartpizza_orders(smartpizza_api: RunningApi) -> list[dict[str, Any]]:
    """All of its orders, tombstones included, in the order served."""
    return smartpizza_api.records("/v1/orders", include_deleted="true")


@pytest.fixture
def smartpizza_fresh() -> Iterator[RunningApi]:
    """A small API of the test's own: move its clock, break it."""
    with serve(Config(branches=3, days=3, orders_per_day=40, rates=SMARTPIZZA_RATES)) as api:
        yield api


@pytest.fixture(scope="session")
def binance_api() -> Iterator[RunningBinance]:
    """Two symbols of a Binance with endless limits. Nobody moves its clock or changes it."""
    endless = Limits(weight_per_minute=10**9, requests_per_5_minutes=10**9)
    with served(BinanceConfig(symbols=("BTCUSDT", "ETHUSDT"), limits=endless)) as api:
        yield api


@pytest.fixture
def binance_fresh() -> Iterator[RunningBinance]:
    """A Binance of the test's own, its clock standing still: move it, break it."""
    with served() as api:
        yield api

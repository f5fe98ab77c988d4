"""Fixtures of the tests that run the whole."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sandbox.binance import BinanceConfig
from sandbox.binance.running import served
from sandbox.smartpizza import Config, serve
from tests.end_to_end.company import Company
from tests.end_to_end.market import Market


@pytest.fixture
def company_of(elt_database: Any, tmp_path: Path) -> Iterator[Callable[[Config], Company]]:
    """Makes a company whose API serves the given configuration until the test ends."""
    with ExitStack() as stack:
        yield lambda config: Company(stack.enter_context(serve(config)), elt_database, tmp_path)


@pytest.fixture
def market_of(elt_database: Any, tmp_path: Path) -> Iterator[Callable[..., Market]]:
    """Makes a market whose API serves the given configuration until the test ends."""
    with ExitStack() as stack:

        def market(config: BinanceConfig, **fields: Any) -> Market:
            return Market(stack.enter_context(served(config)), elt_database, tmp_path, **fields)

        yield market

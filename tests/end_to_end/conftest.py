"""Fixtures of the tests that run the whole."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sandbox.smartpizza import Config, serve
from tests.end_to_end.company import Company


@pytest.fixture
def company_of(elt_database: Any, tmp_path: Path) -> Iterator[Callable[[Config], Company]]:
    """Makes a company whose API serves the given configuration until the test ends."""
    with ExitStack() as stack:
        yield lambda config: Company(stack.enter_context(serve(config)), elt_database, tmp_path)

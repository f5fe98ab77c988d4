"""The acceptance kit itself: what it cannot test is red and says what to add."""

import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.sources.cases import CASES
from tests.sources.simulated import laid_out, page_asked

ROOT = Path(__file__).resolve().parents[2]
DROPPED_IN = '''
"""A source that somebody has just written."""

from extract.source import Source, SourceSettings, Stream


class ShopSettings(SourceSettings):
    """Section [sources.shop]."""

    base_url: str = "http://127.0.0.1:1"


SOURCE = Source("shop", (Stream("things", "/things", primary_key=("id",), full_list=True),), ShopSettings)
'''


@pytest.mark.parametrize(
    ("fixture", "told"),
    [
        (None, "shop.things has no fixture: add tests/sources/fixtures/shop__things.json"),
        ("[]", "the fixture of shop.things is empty"),
        ('{"id": 1}', "the fixture of shop.things is no list"),
        ('[{"id": 1}, {"id": 1}]', "a key repeats"),
        ('[{"id": 1}, {"id": null}]', "no usable key"),
    ],
)
def test_a_source_without_a_usable_fixture_passes(fixture: str | None, told: str, tmp_path: Path) -> None:
    for folder in ("extract", "sandbox", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "extract" / "sources" / "shop.py").write_text(DROPPED_IN)
    if fixture is not None:
        (tmp_path / "tests" / "sources" / "fixtures" / "shop__things.json").write_text(fixture)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/sources/test_every_source.py", "-k", "shop and key"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert told in done.stdout
    assert "skipped" not in done.stdout


def test_a_paginator_that_nobody_can_simulate_is_passed_over() -> None:
    class Spiral:
        """Pages in a way of its own."""

    request = httpx.Request("GET", "http://api.test/things")
    for serve in (
        lambda: page_asked(Spiral(), request, []),
        lambda: laid_out(Spiral(), request, [], slice(0)),
    ):
        with pytest.raises(AssertionError, match=r"pages by Spiral: register .* tests/sources/simulated\.py"):
            serve()


def test_a_stream_of_a_source_is_left_out() -> None:
    assert {"smartpizza.orders", "smartpizza.branches"} <= set(CASES)

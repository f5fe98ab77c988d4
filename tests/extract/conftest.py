"""Fixtures of the extractor's tests: runs in this process over a fake transport, and the real command."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from extract.cli import main
from extract.database import open_pool
from extract.pipeline import IfHeld, run_source
from extract.run_record import RunResult
from extract.settings import (
    DatabaseSettings,
    HttpSettings,
    LeaseSettings,
    LoadSettings,
    RunSettings,
    Settings,
)
from extract.sources import all_sources
from tests.extract.fake_api import FakeApi

ROOT = Path(__file__).parents[2]
TOKEN = "right-token"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("PG", "SMARTPIZZA_", "EXTRACT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SMARTPIZZA_TOKEN", TOKEN)


@pytest.fixture
def pool(elt_database: Any) -> Iterator[ConnectionPool]:
    """A pool of the role extractor."""
    with open_pool(DatabaseSettings(attempts=1), elt_database.conninfo("extractor")) as opened:
        yield opened


@pytest.fixture
def make_settings() -> Callable[..., Settings]:
    """Settings that do not wait; keywords of any section by its name."""

    def make(
        page_size: int = 10,
        load: dict[str, Any] | None = None,
        http: dict[str, Any] | None = None,
        lease: dict[str, Any] | None = None,
        run: dict[str, Any] | None = None,
    ) -> Settings:
        section = all_sources()["smartpizza"].settings(base_url="http://api.test", page_size=page_size)
        return Settings(
            # With the one page fetched ahead, a load is two pages of ten.
            run=RunSettings(**{"parallel": 1, "pages_ahead": 1} | (run or {})),
            load=LoadSettings(**{"max_rows": 30} | (load or {})),
            http=HttpSettings(**{"backoff_seconds": 0, "attempts": 3} | (http or {})),
            lease=LeaseSettings(**(lease or {})),
            sources={"smartpizza": section},
        )

    return make


@pytest.fixture
def extract(pool: ConnectionPool, make_settings: Callable[..., Settings]) -> Callable[..., RunResult]:
    """Runs streams of smartpizza against a FakeApi in this process."""

    def run(
        api: FakeApi, *streams: str, settings: Settings | None = None, if_held: IfHeld = IfHeld.FAIL
    ) -> RunResult:
        source = all_sources()["smartpizza"]
        chosen = [source.stream(name) for name in streams or ("orders",)]
        return run_source(pool, settings or make_settings(), source, chosen, if_held, transport=api)

    return run


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


class Command:
    """The command `extract` in a folder of its own, with the environment of a role."""

    def __init__(self, database: Any, folder: Path) -> None:
        self.folder = folder
        self._database = database

    def env(self, role: str = "extractor", **more: str) -> dict[str, str]:
        return {**os.environ, **self._database.env(role), "PYTHONPATH": str(ROOT), **more}

    def configure(self, text: str) -> None:
        (self.folder / "extract.toml").write_text(text)

    def run(self, *arguments: str, role: str = "extractor", **env: str) -> Done:
        """The command to its end, in this process: a tenth of the time of one of its own."""
        out, err = io.StringIO(), io.StringIO()
        handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name, value in self.env(role, **env).items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            patch.setattr(sys, "argv", ["extract", *arguments])
            try:
                main()
            except SystemExit as left:
                code = left.code
            finally:
                for number, handler in handlers.items():
                    signal.signal(number, handler)
        assert isinstance(code, int)
        return Done(int(code), out.getvalue(), err.getvalue())

    @contextmanager
    def started(self, *arguments: str, **env: str) -> Iterator[subprocess.Popen[str]]:
        """The command while it runs; killed at the end of the block."""
        process = subprocess.Popen(
            [sys.executable, "-m", "extract", *arguments],
            env=self.env(**env),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


@pytest.fixture
def command(elt_database: Any, tmp_path: Path) -> Command:
    return Command(elt_database, tmp_path)

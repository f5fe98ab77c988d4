"""A whole pipeline for a test: an API over HTTP, a database, the two commands that users run."""

import sys
from pathlib import Path
from typing import Any

from tests.end_to_end.warehouse import Done, Warehouse, run


class Pipeline(Warehouse):
    """`api` is what serves the source that the pipeline is named after."""

    def __init__(self, api: Any, database: Any, folder: Path) -> None:
        super().__init__(database, folder)
        self.api = api

    def config(self) -> str:
        """The text of the extractor's config file."""
        raise NotImplementedError

    def secrets(self) -> dict[str, str]:
        """The source's credentials, as the environment gives them."""
        return {}

    def extract(self, *arguments: str, role: str = "extractor", check: bool = True) -> Done:
        """`extract ...` in a process of its own."""
        return run(self.command(*arguments), self.extract_env(role), check)

    def command(self, *arguments: str) -> list[str]:
        """The command line of `extract ...`."""
        return [sys.executable, "-m", "extract", *arguments]

    def extract_env(self, role: str = "extractor") -> dict[str, str]:
        """Its environment; writes the config file."""
        path = self.folder / "extract.toml"
        path.write_text(self.config())
        return self.environment(role) | {"EXTRACT_CONFIG": str(path)} | self.secrets()

    def load(self) -> None:
        """`extract run`, all streams."""
        self.extract("run", self.pipeline)

"""What a build tells where dbt itself talks to a person on a terminal."""

from typing import Any

import typer

_UNKNOWN_TO_DBT = ("build_waiting", "build_skipped")


class BesideDbt:
    """A Reporter that adds what dbt does not know."""

    def event(self, name: str, **fields: Any) -> None:
        if name in _UNKNOWN_TO_DBT:
            typer.echo(f"{name}: {fields['reason']}", err=True)

    def page(self, stream: str, records: int, size: int) -> None:
        """A build fetches none."""

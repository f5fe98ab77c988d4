"""Every command in a manifest exists in the CLI, with these options, for sources and selectors that are there."""

from collections.abc import Iterator, Sequence
from typing import Any

import typer
import yaml

from extract.cli import command_line
from extract.sources import all_sources
from tests.k8s.manifests import ROOT, Object
from tests.k8s.objects import arguments, containers, is_ours, variables


def commands(objects: Sequence[Object]) -> Iterator[str]:
    for pod, container, name in containers(objects):
        if is_ours(container):
            words = arguments(container, variables(pod, container, objects))
            unresolved = [word for word in words if "$(" in word]
            if unresolved:
                yield f"{name}: {unresolved[0]}: no variable of the container has this name"
            else:
                yield from (f"{name}: extract {' '.join(words)}: {told}" for told in parsed(words))


def parsed(words: Sequence[str]) -> Iterator[str]:
    """What the command line says against these words."""
    command: Any = typer.main.get_command(command_line())
    rest = list(words)
    while hasattr(command, "commands"):
        name = rest.pop(0) if rest else ""
        if name not in command.commands:
            yield f"no command {name or 'at all'}"
            return
        command = command.commands[name]
    try:
        given = command.make_context(command.name, rest).params
    except Exception as error:
        # Typer's click is its own: its UsageError is known by its message.
        if not hasattr(error, "format_message"):
            raise
        yield error.format_message()
        return
    yield from unknown("source", given.get("sources") or given.get("source"), set(all_sources()))
    defined = yaml.safe_load((ROOT / "dbt_project" / "selectors.yml").read_text())["selectors"]
    yield from unknown("selector", given.get("selectors"), {each["name"] for each in defined})


def unknown(what: str, names: Any, valid: set[str]) -> Iterator[str]:
    for name in [names] if isinstance(names, str) else names or ():
        if name not in valid:
            yield f"no {what} {name}"

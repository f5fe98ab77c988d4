"""Our own rules over rendered objects, for what the schemas let pass. A rule is a file with a function of its name.

A rule takes all objects of a rendering and gives its complaints, a line each.
"""

import pkgutil
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module

from tests.k8s.manifests import Object

Rule = Callable[[Sequence[Object]], Iterable[str]]


def all_rules() -> dict[str, Rule]:
    """The rules by name, as they are found in this folder."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: getattr(import_module(f"{__name__}.{name}"), name) for name in names}

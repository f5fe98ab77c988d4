"""Finds the sources: every module in this package declares one as `SOURCE`."""

import importlib
import pkgutil
from functools import cache

from extract.source import Source


@cache
def all_sources() -> dict[str, Source]:
    """Sources by name, sorted. Raises TypeError where a module declares none or misnames it."""
    found: dict[str, Source] = {}
    for module_info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        declared = getattr(module, "SOURCE", None)
        if not isinstance(declared, Source) or declared.name != module_info.name:
            raise TypeError(f"{module.__file__} must set SOURCE to a Source named {module_info.name!r}")
        found[declared.name] = declared
    return found

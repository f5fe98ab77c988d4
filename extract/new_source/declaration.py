"""Frozen declarations as the Python code that makes them, formatted as `ruff format` would."""

import dataclasses
import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

_WIDTH = 110
_IMPORTABLE = ("extract.source", "extract.auth_kinds")


def as_code(value: Any, indent: int = 0, used: int = 0) -> str:
    """Code that makes `value`: data classes by keyword without what is their default, tuples, dicts, plain values.

    `indent` is where its line begins, `used` the columns that are taken beside it.
    """
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool | int | float) or value is None:
        return repr(value)
    return _wrapped(*_parts(value), indent=indent, used=used)


def _quoted(text: str) -> str:
    double = json.dumps(text, ensure_ascii=False)
    if '"' not in text or "'" in text:
        return double
    return "'" + double[1:-1].replace('\\"', '"') + "'"


def names_in(value: Any) -> set[tuple[str, str]]:
    """(module, name) of everything that code for `value` names: sources import from extract's packages only."""
    if isinstance(value, Enum):
        return {("extract.paginate", type(value).__name__)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        module = type(value).__module__
        found = {(module if module in _IMPORTABLE else "extract.paginate", type(value).__name__)}
        return found.union(*(names_in(given) for _, given in _given(value)))
    if isinstance(value, tuple):
        return set().union(*(names_in(inner) for inner in value))
    return set()


def _parts(value: Any) -> tuple[str, list[tuple[str, Any]], str]:
    """What opens, prefixed values, what closes."""
    if isinstance(value, tuple):
        return "(", [("", inner) for inner in value], ")"
    if isinstance(value, Mapping):
        return "{", [(f"{as_code(key)}: ", inner) for key, inner in value.items()], "}"
    return f"{type(value).__name__}(", [(f"{name}=", inner) for name, inner in _given(value)], ")"


def _given(value: Any) -> list[tuple[str, Any]]:
    """The fields that are not left at their default."""
    found = [(field, getattr(value, field.name)) for field in dataclasses.fields(value)]
    return [(field.name, inner) for field, inner in found if inner != _default(field)]


def _default(field: "dataclasses.Field[Any]") -> Any:
    made = field.default_factory
    return made() if made is not dataclasses.MISSING else field.default


def _wrapped(start: str, parts: list[tuple[str, Any]], end: str, indent: int, used: int) -> str:
    """On one line where it fits and holds nothing nested that does not, else one part a line."""
    lone = "," if start == "(" and len(parts) == 1 else ""
    line = start + ", ".join(prefix + as_code(inner) for prefix, inner in parts) + lone + end
    holds_declarations = any(dataclasses.is_dataclass(inner) for _, inner in parts) and start == "("
    if "\n" not in line and not holds_declarations and indent + used + len(line) < _WIDTH:
        return line
    margin = " " * (indent + 4)
    lines = [f"{margin}{prefix}{as_code(inner, indent + 4, len(prefix))},\n" for prefix, inner in parts]
    return f"{start}\n{''.join(lines)}{' ' * indent}{end}"

"""Types that decode a few fields of a JSON value and skip the rest, built from paths and positions."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

Path = str | tuple[str, ...]


class Leaf(NamedTuple):
    """A field to decode: its type, and what stands for it where it is left out (no default: it must be there)."""

    type: Any
    default: Any = msgspec.NODEFAULT


def steps(path: Path) -> tuple[str, ...]:
    """The names along a path: "meta.total" is ("meta", "total"); names with dots in them come as a tuple."""
    return tuple(path.split(".")) if isinstance(path, str) else path


def nested_type(leaves: Mapping[tuple[str, ...], Leaf]) -> Any:
    """A type for an object with `leaves` at their paths. Raises ValueError where one lies within another.

    An object that holds nothing but leaves with a default may be null or left out.
    """
    return _node(leaves).type


def value_at(decoded: Any, path: Sequence[str], leaf: Leaf) -> Any:
    """The value at `path` of what `nested_type` decoded."""
    for name in path:
        if decoded is None:
            return leaf.default
        decoded = getattr(decoded, _attribute(name))
    return decoded


def record_type(fields: Mapping[str, tuple[str | int, Leaf]]) -> Any:
    """A type for a record with an attribute for each of `fields`: of an object by name, of an array by index.

    In an array no field may be left out, whatever its default.
    """
    places = {attribute: place for attribute, (place, _) in fields.items()}
    names = {attribute: place for attribute, place in places.items() if isinstance(place, str)}
    if len(names) == len(fields):
        listed = [_field(attribute, leaf) for attribute, (_, leaf) in fields.items()]
        return msgspec.defstruct("Record", listed, rename=names, gc=False)
    if names or min(index for index in places.values() if isinstance(index, int)) < 0:
        raise ValueError("fields are either all names or all indexes from 0")
    by_index = {place: (attribute, leaf.type) for attribute, (place, leaf) in fields.items()}
    last = max(index for index in by_index if isinstance(index, int))
    row = [by_index.get(index, (f"skipped_{index}", msgspec.Raw)) for index in range(last + 1)]
    return msgspec.defstruct("Record", row, array_like=True, gc=False)


def _node(leaves: Mapping[tuple[str, ...], Leaf]) -> Leaf:
    inner: dict[str, dict[tuple[str, ...], Leaf]] = {}
    for path, leaf in leaves.items():
        inner.setdefault(path[0], {})[path[1:]] = leaf
    fields = []
    for name, found in inner.items():
        if () in found and len(found) > 1:
            raise ValueError(f"{name} is declared both as a field and as an object of fields")
        leaf = found[()] if () in found else _node(found)
        # Required ones first: a struct's defaults come last.
        fields.append(_field(_attribute(name), leaf))
    fields.sort(key=len)
    struct = msgspec.defstruct("Node", fields, rename={_attribute(name): name for name in inner}, gc=False)
    if all(leaf.default is not msgspec.NODEFAULT for leaf in leaves.values()):
        return Leaf(struct | None, None)
    return Leaf(struct)


def _field(attribute: str, leaf: Leaf) -> Any:
    return (
        (attribute, leaf.type) if leaf.default is msgspec.NODEFAULT else (attribute, leaf.type, leaf.default)
    )


def _attribute(name: str) -> str:
    return "at_" + name.encode().hex()

"""The columns of a stream: what type each sampled field has, and what it is called in base and staging."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from extract.new_source.names import base_name, is_money, singular, snake_case, staging_name

Record = dict[str, Any]
Kind = Literal["text", "bigint", "numeric", "boolean", "timestamptz", "date", "object", "list"]

_BIGINT = 2**63
# The spellings that macros/typing/is_typed.sql takes.
_TIME = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)$")
_DATE = re.compile(r"^\d{4}-\d\d-\d\d$")
_DECIMAL = re.compile(r"^[+-]?\d+\.\d+$")
_PLAIN = re.compile(r"^[A-Za-z_][A-Za-z0-9_ .:@$-]*$")  # what fits into SQL and YAML without being escaped
_TIME_NAME = re.compile(r"(_at|_time|_ts|_on|timestamp|created|updated|modified|date)$|^time$")


@dataclass(frozen=True, slots=True)
class Column:
    """One field of the records. `epoch` is how many ticks a second a number that means a time has."""

    field: str
    name: str
    staging_name: str
    kind: Kind
    required: bool = False
    epoch: int | None = None

    @property
    def is_nested(self) -> bool:
        return self.kind in ("object", "list")


def columns_of(
    records: list[Record], stream: str, required: tuple[str, ...], left_out: tuple[str, ...]
) -> tuple[list[Column], list[str]]:
    """The columns of the records' top-level fields but `left_out`, and fields that fit no column's name."""
    one = singular(stream)
    columns: list[Column] = []
    unfit: list[str] = []
    names: set[str] = set()
    staged: set[str] = {"load_order"}
    for field in dict.fromkeys(field for record in records for field in record):
        name = base_name(field, one)
        if not _PLAIN.match(field) or len(name) > 55 or name in names:
            unfit.append(field)
            continue
        if field in left_out and field not in required:
            continue
        values = [record[field] for record in records if record.get(field) is not None]
        kind = kind_of(name, values)
        epoch = _epoch(name, values) if kind == "bigint" else None
        final = staging_name(name, "timestamptz" if epoch else kind, one)
        if final in staged:
            final = name
        names.add(name)
        staged.add(final)
        columns.append(Column(field, name, final, kind, field in required, epoch))
    return columns, unfit


def kind_of(name: str, values: list[Any]) -> Kind:
    """The narrowest type that takes all of `values`; text where they differ or there is none."""
    types = {type(value) for value in values}
    if types <= {int, float} and types:
        whole = types == {int} and all(abs(value) < _BIGINT for value in values)
        return "bigint" if whole and not is_money(name) else "numeric"
    if len(types) != 1:
        return "text"
    simple: dict[type, Kind] = {bool: "boolean", dict: "object", list: "list"}
    return simple.get(types.pop()) or _kind_of_texts(name, values)


def _kind_of_texts(name: str, values: list[str]) -> Kind:
    if all(_TIME.match(value) for value in values):
        return "timestamptz"
    if all(_DATE.match(value) for value in values):
        return "date"
    if "version" not in name and all(_DECIMAL.match(value) for value in values):
        return "numeric"
    return "text"


def epoch_ticks(values: list[int]) -> int | None:
    """How many ticks a second has, where `values` are Unix times of 2000 to 2100; None where they are not."""
    for ticks in (1, 1000):
        if values and all(946_684_800 * ticks <= value < 4_102_444_800 * ticks for value in values):
            return ticks
    return None


def _epoch(name: str, values: list[int]) -> int | None:
    """Ticks a second of numbers that are times and are called so."""
    return epoch_ticks(values) if _TIME_NAME.search(snake_case(name)) else None

"""What tells one record from another, and by which field they are read incrementally."""

import re
from collections.abc import Mapping
from typing import Any

from extract.cursor import CursorFormat, is_time
from extract.errors import ConfigurationError
from extract.new_source.columns import epoch_ticks
from extract.new_source.guess import Guess
from extract.new_source.names import singular, snake_case
from extract.source import Cursor

Record = dict[str, Any]

_CHANGED = re.compile(
    r"^(last_)?(updated?|modified|modification|changed?|edited)(_at|_on|_time|_date|_timestamp)?$"
)
_SINCE = re.compile(r"(^|_)(since|after|from|min|gte)$|^(since|after|from|start)(_|$)")


def guess_key(
    records: list[Record], stream: str, wished: tuple[str, ...] | None
) -> tuple[tuple[str, ...], Guess]:
    """The fields of the primary key. Raises ConfigurationError where none serves, or the wished-for do not."""
    if wished:
        reason = _why_no_key(records, wished)
        if reason:
            raise ConfigurationError(f"--key {','.join(wished)}: {reason}; {_fields(records)}")
        return wished, Guess("key", ", ".join(wished), "as --key says; in all records, and unique")
    for field in sorted(records[0], key=lambda field: _likeness(snake_case(field), singular(stream))):
        if _likeness(snake_case(field), singular(stream)) < 9 and _why_no_key(records, (field,)) is None:
            why = f"in all {len(records)} records, and unique"
            doubt = "too few records to tell by: is it the key?" if len(records) < 3 else None
            return (field,), Guess("key", field, why, doubt)
    raise ConfigurationError(
        f"no field looks like a key (id, {singular(stream)}_id, uuid, key ..., in all records, unique): "
        f"name it by --key, several with commas; {_fields(records)}"
    )


def guess_cursor(
    records: list[Record], query: Mapping[str, str], wished: str | None
) -> tuple[Cursor | None, Guess]:
    """The cursor, None for a list that is read whole. Raises ConfigurationError where the wished-for does not serve."""
    param, _, field = (wished or "").rpartition("=")
    if wished == "none":
        return None, Guess("cursor", "none", "as --cursor says: each run reads the whole list")
    if not wished:
        named = [field for field in records[0] if _CHANGED.match(snake_case(field))]
        field = next((field for field in named if _form(records, field)), "")
    form = _form(records, field)
    if wished and form is None:
        told = "is no time (RFC 3339 with a zone, or Unix time) in every record"
        raise ConfigurationError(f"--cursor {wished}: {field} {told}; {_fields(records)}")
    if form is None:
        why = "no field says in every record when it last changed: each run reads the whole list"
        doubt = "what a finished run does not find counts as deleted: is the list always served whole?"
        return None, Guess("cursor", "none", why, doubt)
    why = f"as --cursor says ({form})" if wished else f"a time in every record ({form}), and called so"
    in_url = next(
        (name for name, value in query.items() if _SINCE.search(snake_case(name)) or is_time(value)), None
    )
    if param:
        return Cursor(param, field, form), Guess("cursor", f"{param}={field}", why)
    if in_url:
        return Cursor(in_url, field, form), Guess(
            "cursor", f"{in_url}={field}", f"{why}; the URL has the parameter"
        )
    param = "updated_since"
    doubt = f"parameter {param} is a guess (--cursor PARAMETER={field}): an API that ignores it is read whole each run"
    return Cursor(param, field, form), Guess("cursor", f"{param}={field}", why, doubt)


def _likeness(name: str, one: str) -> int:
    """How much a field's name is like that of a key: 0 is most, 9 not at all."""
    names = ("id", f"{one}_id", f"{one}_key", "uuid", "guid", "key", "number", "code", "slug")
    return names.index(name) if name in names else 8 if name.endswith(("_id", "_uuid")) else 9


def _why_no_key(records: list[Record], fields: tuple[str, ...]) -> str | None:
    for field in fields:
        held = [record.get(field) for record in records]
        if not all(isinstance(value, str | int) and not isinstance(value, bool) for value in held):
            return f"{field} is no text or whole number in every record"
    keys = {tuple(record[field] for field in fields) for record in records}
    return None if len(keys) == len(records) else "its values repeat"


def _form(records: list[Record], field: str) -> CursorFormat | None:
    """How every record spells a time in `field`; None where it does not."""
    values = [record.get(field) for record in records]
    if all(isinstance(value, str) and is_time(value) for value in values):
        return CursorFormat.RFC3339
    ticks = epoch_ticks([value for value in values if type(value) is int]) if field else None
    if ticks is None or not all(type(value) is int for value in values):
        return None
    return CursorFormat.EPOCH_SECONDS if ticks == 1 else CursorFormat.EPOCH_MILLISECONDS


def _fields(records: list[Record]) -> str:
    return f"fields: {', '.join(records[0])}"

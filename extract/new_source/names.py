"""Names of columns: how an API spells a field, made into what Postgres and this project call it."""

import re

# What Postgres reserves (pg_get_keywords, categories R and T): no bare column name. A test compares it with a server.
_RESERVED = """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
    column concurrently constraint create cross current_catalog current_date current_role current_schema current_time
    current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze
    from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like
    limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary
    references returning right select session_user similar some symmetric system_user table tablesample then to
    trailing true union unique user using variadic verbose when where window with
"""
RESERVED = frozenset(_RESERVED.split())
# What base and staging add to a record.
_TAKEN = "load_order load_position sweep_id extracted_at served_at context record untyped violations"
TAKEN = frozenset(_TAKEN.split())

_MONEY = re.compile(r"(^|_)(price|amount|total|subtotal|fee|tax|cost|balance|discount|tip)$")
_TIME_ENDINGS = re.compile(r"_(at|on|time|timestamp|ts|date|datetime|day|utc)$")


def snake_case(name: str) -> str:
    """`name` in lower case with underscores: createdAt becomes created_at, HTMLUrl html_url."""
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name))
    return re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")


def camel_case(name: str) -> str:
    """`name` without underscores: page_token becomes pageToken."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def singular(plural: str) -> str:
    """What one of them is called, by the common rules of English; irregular plurals stay as they are."""
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if plural.endswith(ending):
            return plural.removesuffix(ending) + instead
    return plural if plural.endswith(("ss", "_s")) else plural.removesuffix("s")


def base_name(field: str, one: str) -> str:
    """The column in base of a field of `one` record: its own name, unless Postgres or base has taken that."""
    name = snake_case(field)
    if not name or name[0].isdigit() or name in RESERVED | TAKEN:
        name = f"{one}_{name}".strip("_")
    return name


def is_money(name: str) -> bool:
    """Whether a column's name says that it holds an amount of money."""
    return _MONEY.search(name) is not None


def staging_name(name: str, kind: str, one: str) -> str:
    """The column in staging, by this project's endings: _id, _at, _date, _amount, is_."""
    if name == "id":
        return f"{one}_id"
    if kind == "boolean":
        return name if re.match(r"(is|has|can|was|should|will)_", name) else f"is_{name}"
    if kind in ("timestamptz", "date"):
        ending = "_at" if kind == "timestamptz" else "_date"
        if name in ("time", "timestamp", "date", "datetime", "ts", "day"):
            return f"{one}{ending}"
        return _TIME_ENDINGS.sub("", name) + ending
    if kind == "numeric" and is_money(name) and not name.endswith("amount"):
        return f"{name}_amount"
    return name

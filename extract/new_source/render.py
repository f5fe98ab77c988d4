"""The files of a new source, as text, from what was guessed of it."""

import json
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from extract.auth_kinds import Auth
from extract.new_source.columns import Column
from extract.new_source.declaration import as_code, names_in
from extract.new_source.names import snake_case
from extract.source import Source, SourceSettings, Stream

_TEMPLATES = Path(__file__).parent / "templates"
_BANDS = {
    "text": ("text",),
    "numbers": ("bigint", "numeric"),
    "booleans": ("boolean",),
    "dates": ("date",),
    "times": ("timestamptz",),
    "lists and objects": ("object", "list"),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything that a new source is written from. `left_out` are fields that stay in raw."""

    name: str
    base_url: str
    page_size: int
    auth: Auth
    stream: Stream
    columns: list[Column]
    left_out: tuple[str, ...]
    fixture: list[dict[str, Any]]

    @property
    def table(self) -> str:
        return f"{self.name}__{self.stream.name}"


def source_files(draft: Draft) -> dict[str, str]:
    """Path below the project's root -> text, of the files that are the source's own."""
    values = _values(draft)
    staging = f"dbt_project/models/staging/{draft.name}"
    quarantine = f"dbt_project/models/quarantine/{draft.name}"
    templates = {
        f"extract/sources/{draft.name}.py": "source.py",
        f"{staging}/_sources.yml": "_sources.yml",
        f"{staging}/base/base_{draft.table}.sql": "base.sql",
        f"{staging}/base/base_{draft.table}.yml": "base.yml",
        f"{staging}/stg_{draft.table}.sql": "stg.sql",
        f"{staging}/stg_{draft.table}.yml": "stg.yml",
        f"{quarantine}/quarantine_{draft.table}.sql": "quarantine.sql",
        f"{quarantine}/quarantine_{draft.table}.yml": "quarantine.yml",
    }
    files = {path: _render(template, values) for path, template in templates.items()}
    lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in draft.fixture)
    return files | {f"tests/sources/fixtures/{draft.table}.json": f"[\n{lines}\n]\n"}


def config_section(draft: Draft) -> str:
    """The section for extract.toml."""
    return _render("section.toml", _values(draft))


def selector(draft: Draft) -> str:
    """The entry for dbt's selectors.yml: what the source's CronJob builds."""
    return _render("selector.yml", _values(draft))


def _render(template: str, values: Mapping[str, Any]) -> str:
    # Text for dbt, whose own delimiters stay as they are; nothing of it is HTML.
    environment = jinja2.Environment(  # noqa: S701 - no HTML is made
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["list_code"] = _list_code
    return environment.get_template(f"{template}.jinja").render(values)


def _values(draft: Draft) -> dict[str, Any]:
    stream = draft.stream
    by_field = {column.field: column for column in draft.columns}
    key = [by_field[str(field)] for field in stream.primary_key]
    words = draft.name.replace("_", " ").title()
    settings = type(f"{words.replace(' ', '')}Settings", (SourceSettings,), {})
    source = Source(name=draft.name, settings=settings, streams=(stream,), auth=draft.auth)
    ids = [column for column in draft.columns if column in key or re.search(r"_id$", column.staging_name)]
    rest = [column for column in draft.columns if column not in ids]
    bands = {title: [column for column in rest if _band(column) in kinds] for title, kinds in _BANDS.items()}
    return {
        "name": draft.name,
        "title": words,
        "what": stream.name.replace("_", " "),
        "base_url": draft.base_url,
        "base_url_code": as_code(draft.base_url),
        "page_size": draft.page_size,
        "stream": stream,
        "table": draft.table,
        "settings": settings.__name__,
        "imports": _imports(source),
        "declaration": as_code(source),
        "left_out": _comment(draft.left_out),
        "columns": draft.columns,
        "scalars": [column for column in draft.columns if not column.is_nested],
        "nested": [column for column in draft.columns if column.is_nested],
        "rules": _rules(draft.columns),
        "key": [column.name for column in key],
        "staging_key": [column.staging_name for column in key],
        "qualified_key": [f"versions.{column.name}" for column in key],
        "version": by_field[str(stream.cursor.field)].name if stream.cursor else "load_order",
        "groups": [(title, group) for title, group in {"ids": ids, **bands}.items() if group],
        "field_code": _field_code,
        "staged": _staged,
    }


def _imports(source: Source) -> list[tuple[str, list[str]]]:
    used = names_in(source) | {("extract.source", "SourceSettings")}
    return [
        (module, sorted(name for of, name in used if of == module))
        for module in sorted({of for of, _ in used})
    ]


def _comment(left_out: tuple[str, ...]) -> str:
    """What the base model says of fields that stay in raw."""
    told = f"Left in raw, since they look personal: {', '.join(snake_case(field) for field in left_out)}."
    return "\n    ".join(textwrap.wrap(told, 110)) if left_out else ""


def _rules(columns: list[Column]) -> list[tuple[str, str]]:
    """What a valid record meets beyond its types."""
    rules = []
    for column in columns:
        if column.is_nested:
            wanted = "array" if column.kind == "list" else "object"
            rules.append((f"{column.name} is no {column.kind}", f"jsonb_typeof({column.name}) = '{wanted}'"))
        if column.epoch:
            last = 253_402_300_800 * column.epoch
            rules.append((f"{column.name} is no time", f"{column.name} >= 0 and {column.name} < {last}"))
    return rules


def _band(column: Column) -> str:
    return "timestamptz" if column.epoch else column.kind


def _field_code(column: Column) -> str:
    """A field of the base model's list; its SQL on a line of its own where the line would be too long."""
    start = f"{{'name': '{column.name}', 'type': '{column.kind}'"
    read = f"""'from': "record ->> '{column.field}'\"""" if column.field != column.name else ""
    end = ", 'required': true}" if column.required else "}"
    if not read:
        return start + end
    line = f"{start}, {read}{end}"
    return line if len(line) < 110 else f"{start},\n     {read}{end}"


def _staged(column: Column) -> str:
    """The column of staging, renamed by this project's endings; a number that means a time becomes one."""
    origin = f"versions.{column.name}"
    if column.epoch:
        seconds = origin if column.epoch == 1 else f"{origin} / {column.epoch}.0"
        return f"to_timestamp({seconds}) as {column.staging_name}"
    return origin if column.staging_name == column.name else f"{origin} as {column.staging_name}"


def _list_code(values: list[str]) -> str:
    return "[" + ", ".join(f"'{value}'" for value in values) + "]"

"""The Link header of RFC 8288."""

import re

_WORD = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PARAM = rf"[ \t]*;[ \t]*(?:({_WORD})[ \t]*(?:=[ \t]*({_WORD}|{_QUOTED}))?)?"
_LINK = re.compile(rf"[ \t,]*<([^<>]*)>((?:{_PARAM})*)[ \t]*(?=,|$)")
_EACH_PARAM = re.compile(_PARAM)


def link_target(header: str, relation: str) -> str | None:
    """The URL, as it is spelt, of the first link of `relation` in a Link header; None where it has none.

    Raises ValueError where `header` is no list of links.
    """
    target: str | None = None
    end = 0
    while header[end:].strip(" \t,"):
        link = _LINK.match(header, end)
        if link is None:
            raise ValueError(f"no list of links: {header[end : end + 80]!r}")
        end = link.end()
        if target is None and relation.lower() in _relations(link[2]):
            target = link[1].strip()
    return target


def _relations(params: str) -> list[str]:
    """The relation types of a link; only its first `rel` counts."""
    for found in _EACH_PARAM.finditer(params):
        name, value = found[1], found[2] or ""
        if name and name.lower() == "rel":
            if value.startswith('"'):
                value = re.sub(r"\\(.)", r"\1", value[1:-1])
            return value.lower().split()
    return []

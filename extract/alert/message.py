"""One message for all that has changed, as Slack's incoming webhooks take it, and others that do like them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from extract.alert.told import Changes
from extract.alert.trouble import Trouble
from extract.errors import one_line

# Slack takes 3,000 characters a section.
_LINES = 10
_LINE = 280


def message(changes: Changes) -> dict[str, Any]:
    """The JSON body: a line of text for notifications, and a section a group."""
    groups = [
        (":red_circle: *New*", [_told(trouble) for trouble in changes.new]),
        (":arrow_up: *Worse*", [_told(trouble) for trouble in changes.worse]),
        (":white_check_mark: *Resolved*", [_safe(each.summary) for each in changes.resolved]),
    ]
    counts = [
        f"{len(lines)} {name}"
        for (_, lines), name in zip(groups, ("new", "worse", "resolved"), strict=True)
        if lines
    ]
    named = [*changes.new, *changes.worse, *changes.resolved]
    return {
        "text": f"small-elt: {', '.join(counts)}: {_safe(named[0].summary)}",
        "blocks": [_section(title, lines) for title, lines in groups if lines],
    }


def plain(changes: Changes) -> Iterator[str]:
    """The same for a terminal, a line each."""
    yield from (f"new       {_told(trouble)}" for trouble in changes.new)
    yield from (f"worse     {_told(trouble)}" for trouble in changes.worse)
    yield from (f"resolved  {_safe(each.summary)}" for each in changes.resolved)


def _section(title: str, lines: list[str]) -> dict[str, Any]:
    shown = [f"• {line}" for line in lines[:_LINES]]
    if len(lines) > _LINES:
        shown.append(f"and {len(lines) - _LINES} more: `extract alert --dry-run` lists all that is open")
    return {"type": "section", "text": {"type": "mrkdwn", "text": "\n".join([title, *shown])}}


def _told(trouble: Trouble) -> str:
    facts = [f"since {_moment(trouble.since)}"]
    if trouble.rows is not None:
        facts.append(f"{trouble.rows:,} rows")
    if trouble.last_good_at is not None:
        facts.append(f"last good {_moment(trouble.last_good_at)}")
    if trouble.owner:
        facts.append(f"owner {_safe(trouble.owner)}")
    return f"{_safe(trouble.summary)} ({', '.join(facts)})"


def _safe(text: str) -> str:
    """One line, which Slack takes for text and for nothing else: no links, no mentions."""
    return one_line(text, _LINE - 80).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")

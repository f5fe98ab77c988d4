"""One message for all that has changed, as Slack's incoming webhooks take it, and others that do like them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from extract.alert.told import Changes
from extract.alert.trouble import Trouble
from extract.errors import one_line

# Slack takes 3,000 characters a section.
_SECTION = 2_800
_SUMMARY = 200


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
    summaries = [trouble.summary for trouble in (*changes.new, *changes.worse)]
    summaries += [each.summary for each in changes.resolved]
    return {
        "text": f"small-elt: {', '.join(counts)}: {_safe(summaries[0])}",
        "blocks": [_section(title, lines) for title, lines in groups if lines],
    }


def plain(changes: Changes) -> Iterator[str]:
    """The same for a terminal, a line each."""
    yield from (f"new       {_told(trouble)}" for trouble in changes.new)
    yield from (f"worse     {_told(trouble)}" for trouble in changes.worse)
    yield from (f"resolved  {_safe(each.summary)}" for each in changes.resolved)


def _section(title: str, lines: list[str]) -> dict[str, Any]:
    text, shown = title, 0
    while shown < len(lines) and len(text) + len(lines[shown]) < _SECTION:
        text += f"\n• {lines[shown]}"
        shown += 1
    if shown < len(lines):
        text += f"\nand {len(lines) - shown} more: `extract alert --dry-run` lists all that is open"
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


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
    return one_line(text, _SUMMARY).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")

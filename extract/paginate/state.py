"""Reading the state that a load committed."""

import re

from extract.errors import PageTokenExpiredError


def matched(state: str, pattern: str, kind: str) -> tuple[str, ...]:
    """The groups of `pattern` in `state`. Raises PageTokenExpiredError where another kind wrote it."""
    found = re.fullmatch(pattern, state, re.ASCII)
    if found is None:
        raise PageTokenExpiredError(
            f"the committed position {state[:80]!r} is none of {kind}: was the stream's paginator changed?"
        )
    return found.groups(default="")

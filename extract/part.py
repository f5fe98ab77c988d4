"""A part of a stream, declared: one symbol, region or tenant, read by itself."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

# Neither a window's name ("<since>..<until>", after a blank) nor that of a replay.
_NAME = re.compile(r"(?!replay$)(?!.*\.\.)\S{1,100}")


@dataclass(frozen=True, slots=True)
class Part:
    """What is asked for and kept on top of what the stream declares, with cursor, lease and sweeps of its own.

    `name` tells it apart in the ledger, as the shard of its sweeps; "" is the whole of a stream. `request_cost` is
    a page's, where it differs from the stream's. A first sweep begins at `since`: a time, RFC 3339 or as the
    cursor spells it (None: at the beginning). `overlap_minutes` replaces the settings'. `window` is how much one
    window of a backfill reads unless the command says otherwise.
    """

    name: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] | None = None
    request_cost: int | None = None
    since: str | None = None
    overlap_minutes: int | None = None
    window: timedelta = timedelta(days=1)

    def __post_init__(self) -> None:
        if self.name and not _NAME.fullmatch(self.name):
            raise ValueError(f"part {self.name!r}: a name has 1 to 100 characters, no blanks and no '..'")
        if self.request_cost is not None and self.request_cost < 1:
            raise ValueError(f"part {self.name!r}: request_cost is less than 1")


def assert_parts(parts: Sequence[Part], stream: str, *, full_list: bool) -> None:
    """Raises ValueError where `parts` do not make up a stream: two of a name, or a full list in several."""
    names = [part.name for part in parts]
    if len(set(names)) != len(names):
        raise ValueError(f"stream {stream}: two parts are called alike: {', '.join(sorted(names))}")
    if "" in names and len(names) > 1:
        raise ValueError(f"stream {stream}: a part without a name is the whole stream, so there is no other")
    if full_list and names != [""]:
        # What is lacking in one part's sweep would read as deleted from all of them.
        raise ValueError(f"stream {stream}: a full list is read whole, in one part without a name")

"""What came of one node of a build."""

import re
from dataclasses import dataclass

from extract.errors import one_line

BROKEN = frozenset({"error", "fail", "runtime error", "partial success"})
_TAIL = re.compile(r"\n\s*(DETAIL:|compiled code at )")


@dataclass(frozen=True, slots=True)
class NodeResult:
    """`status` in dbt's words, and "stopped" for a node that a signal ended; seconds of wall-clock time."""

    node_id: str
    resource_type: str
    status: str
    seconds: float
    rows_affected: int | None
    failures: int | None
    message: str

    @property
    def name(self) -> str:
        """The node's own name."""
        parts = self.node_id.split(".")
        return parts[2] if len(parts) > 2 else self.node_id

    @property
    def is_broken(self) -> bool:
        return self.status in BROKEN

    @property
    def told(self) -> str:
        """The message on one line, without the server's detail, which may hold data."""
        return one_line(_TAIL.split(self.message, maxsplit=1)[0])

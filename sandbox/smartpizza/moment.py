"""The instant a request is answered for."""

from typing import NamedTuple


class Moment(NamedTuple):
    """The simulated now (milliseconds), and whether some transactions commit late."""

    now: int
    late_commits: bool

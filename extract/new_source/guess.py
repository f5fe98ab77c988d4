"""A guess and its grounds: what `extract new-source` tells the user it chose, and why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guess:
    """`why` it is `choice` for `subject`; `doubt` is what could not be known and is to be looked at, if anything."""

    subject: str
    choice: str
    why: str
    doubt: str | None = None

"""What an audit finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong and where, and what to do about it. One that does not break the books is a notice."""

    what: str
    action: str
    breaks_books: bool = True

    def __str__(self) -> str:
        return f"{'FAIL' if self.breaks_books else 'note'} {self.what}: {self.action}"

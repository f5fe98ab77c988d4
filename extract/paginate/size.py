"""How many records a page holds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """The parameter that asks for so many records a page, and the most that the API's documentation grants.

    `param` None: every page holds `most`. Only where `most` is declared does a page that is shorter than asked
    for prove anything: an API may quietly serve fewer than it was asked for.
    """

    param: str | None = "limit"
    most: int | None = None

    def __post_init__(self) -> None:
        if self.most is not None and self.most < 1:
            raise ValueError("the most records of a page are at least 1")

    def asked(self, page_size: int) -> int | None:
        """How many records a request for `page_size` asks for; None where nobody knows."""
        if self.most is not None:
            return self.most if self.param is None else min(page_size, self.most)
        return None if self.param is None else page_size

    def params(self, page_size: int) -> dict[str, str]:
        """The query parameter of such a request."""
        return {} if self.param is None else {self.param: str(self.asked(page_size))}

    def falls_short(self, count: int, page_size: int) -> bool:
        """Whether `count` records prove that there are no more."""
        asked = self.asked(page_size)
        return count == 0 or (self.most is not None and asked is not None and count < asked)

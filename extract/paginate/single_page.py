"""A list that comes whole, in one answer."""

from dataclasses import dataclass

from extract.answer import Answer
from extract.envelope import Envelope, Opener
from extract.errors import PageTokenExpiredError
from extract.paginate.walk import Page


@dataclass(frozen=True, slots=True)
class SinglePage:
    """One request, one page, and no parameter of its own. Sample: {"symbols": [{"symbol": "BTCUSDT"}, ...]}"""

    envelope: Envelope = Envelope()

    def start(
        self,
        state: str | None = None,
        since: str | None = None,  # noqa: ARG002 - the stream's cursor parameter carries it
        until: str | None = None,  # noqa: ARG002
    ) -> "WholeWalk":
        """The walk to the one page. Raises PageTokenExpiredError for a `state`: another kind wrote it."""
        if state is not None:
            raise PageTokenExpiredError(
                f"the committed position {state[:80]!r} is none of SinglePage: was the stream's paginator changed?"
            )
        return WholeWalk(Opener(self.envelope))


@dataclass(frozen=True, slots=True)
class WholeWalk:
    """A walk of one page."""

    opener: Opener
    state: None = None

    def params(self, page_size: int) -> dict[str, str]:  # noqa: ARG002 - the API serves all there is
        return {}

    def read(self, answer: Answer, page_size: int) -> Page:  # noqa: ARG002
        opened = self.opener.open(answer)
        return Page(opened.records, None, opened.as_of, answer.body, opened.total)

    def after(self, page: Page) -> None:
        """Nothing: the page is the last."""

    def foreseen(self, page_size: int) -> None:
        """Nothing: the page is the last."""

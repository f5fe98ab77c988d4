"""Catching an API that does not heed the parameter a page is asked for by, and so never ends."""

from extract.errors import BadAnswerError
from extract.paginate.walk import Page

Edges = tuple[int, bytes, bytes]


def edges(page: Page) -> Edges:
    """What tells a page from the next: how many records it holds, the first and the last."""
    records = page.records
    return (len(records), bytes(records[0]), bytes(records[-1])) if records else (0, b"", b"")


def assert_new(page: Page, before: Edges | None, param: str) -> None:
    """Raises BadAnswerError where `page` has the edges of the page before it."""
    if edges(page) == before:
        raise BadAnswerError(
            f"a page brought the same records as the page before: does the API heed {param}?"
        )

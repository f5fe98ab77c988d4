"""Reads the answers of one walk: refuses to go in circles, and keeps the body of what is no page."""

from dataclasses import replace
from datetime import datetime

from extract.answer import Answer
from extract.cursor import parse_time
from extract.errors import BadAnswerError
from extract.paginate import Page, Walk
from extract.retry import http_date


class Reading:
    """Reads pages for the threads that fetch them."""

    def __init__(self, start: Walk, page_size: int) -> None:
        self._page_size = page_size
        self._reached: dict[str | None, str | None] = {start.state: None}
        self._unread: dict[str | None, Answer] = {}

    def read(self, walk: Walk, answer: Answer) -> Page:
        """The page. Raises BadAnswerError for what is none, and for one that leads back to an earlier page."""
        try:
            page = walk.read(answer, self._page_size)
            following = walk.after(page)
            if following is not None and self._reached.setdefault(following.state, walk.state) != walk.state:
                raise BadAnswerError("the answer names a next page that was followed before")
        except BadAnswerError:
            self._unread[walk.state] = answer
            raise
        self._unread.pop(walk.state, None)
        return replace(page, served_at=parse_time(page.as_of) if page.as_of else made_at(answer))

    def unread(self, walk: Walk) -> Answer | None:
        """The answer that was no page, the last time that the page of `walk` was asked for."""
        return self._unread.get(walk.state)


def made_at(answer: Answer) -> datetime | None:
    """When an answer was made, by the Date header: whole seconds, cut off, so never ahead of the API's clock."""
    return http_date(answer.headers.get("date"))

"""Paginators: a declared part, which lays an answer out, and a walk: a value that says where one stands."""

from extract.cursor import CursorFormat
from extract.envelope import Envelope
from extract.paginate.id_range import IdRange
from extract.paginate.next_url import LinkHeader, NextUrl
from extract.paginate.page_number import PageNumber
from extract.paginate.page_offset import PageOffset
from extract.paginate.page_token import PageToken
from extract.paginate.single_page import SinglePage
from extract.paginate.size import Size
from extract.paginate.time_window import TimeWindow
from extract.paginate.walk import Page, Paginator, Walk

__all__ = [
    "CursorFormat",
    "Envelope",
    "IdRange",
    "LinkHeader",
    "NextUrl",
    "Page",
    "PageNumber",
    "PageOffset",
    "PageToken",
    "Paginator",
    "SinglePage",
    "Size",
    "TimeWindow",
    "Walk",
]

"""Ranges of ticks: the part of a window that is asked for, and what lies beyond the window."""

from typing import NamedTuple


class Span(NamedTuple):
    """From `start` (inclusive) to `end` (exclusive); None is open.

    What is to be walked after the window lies between `edge`, its near end, and `far`; None: nothing.
    """

    start: int | None
    end: int | None
    edge: int | None = None
    far: int | None = None


def first_span(low: int | None, high: int | None, width: int | None, backward: bool) -> Span:
    """The first window of the range from `low` to `high`; of an empty range, one of a single tick."""
    if low is None or high is None:
        return Span(low, high)
    high = max(high, low + 1)
    if width is None:
        return Span(low, high)
    return _window(high, low, width) if backward else _window(low, high, width)


def next_window(span: Span, width: int | None) -> Span | None:
    """The window after that of `span`; None where it is the last."""
    if span.edge is None or span.far is None or width is None or span.edge == span.far:
        return None
    return _window(span.edge, span.far, width)


def rest(span: Span, last: int, *, newest_first: bool, unique: bool) -> Span | None:
    """What is left of `span` after a record at `last`, that tick itself too unless `unique`; None: nothing."""
    if newest_first:
        left = span._replace(end=last if unique else last + 1)
    else:
        left = span._replace(start=last + 1 if unique else last)
    return None if left.start is not None and left.end is not None and left.start >= left.end else left


def _window(edge: int, far: int, width: int) -> Span:
    """The window of `width` that begins at `edge` and goes towards `far`."""
    if far < edge:
        start = max(far, edge - width)
        return Span(start, edge, start, far)
    end = min(far, edge + width)
    return Span(edge, end, end, far)

"""What an answer's headers tell about the API's own limit."""

import math
from datetime import UTC, datetime
from email.utils import formatdate

import pytest

from extract.source import UsageHeader
from extract.usage import ApiClock, Left, api_time, left_of

USED = UsageHeader(used="X-MBX-USED-WEIGHT-1M")
REMAINING = UsageHeader(remaining="X-RateLimit-Remaining", reset="X-RateLimit-Reset")
OURS = datetime(2026, 3, 16, 12, 0, 15, tzinfo=UTC).timestamp()
THEIRS = "Mon, 16 Mar 2026 12:00:50 GMT"
THEIR_UNIX_TIME = 1773662450


@pytest.mark.parametrize(
    ("usage", "headers", "left"),
    [
        (USED, {"x-mbx-used-weight-1m": "100", "date": THEIRS}, Left(500, 10)),
        (USED, {"x-mbx-used-weight-1m": "100"}, Left(500, 45)),
        (USED, {"x-mbx-used-weight-1m": "700", "date": THEIRS}, Left(0, 10)),
        (UsageHeader(used="u", limit=6000), {"u": "700", "date": THEIRS}, Left(5300, 10)),
        (REMAINING, {"x-ratelimit-remaining": "7", "x-ratelimit-reset": "30"}, Left(7, 30)),
        (
            REMAINING,
            {"x-ratelimit-remaining": "7", "x-ratelimit-reset": f"{THEIR_UNIX_TIME + 90}", "date": THEIRS},
            Left(7, 90),
        ),
        (
            REMAINING,
            {"x-ratelimit-remaining": "7", "x-ratelimit-reset": f"{THEIR_UNIX_TIME - 5}", "date": THEIRS},
            Left(7, 0),
        ),
        (REMAINING, {"x-ratelimit-remaining": "7", "date": THEIRS}, Left(7, 10)),
        (REMAINING, {"x-ratelimit-reset": "30"}, None),
        (USED, {}, None),
        (USED, {"x-mbx-used-weight-1m": "many"}, None),
        (USED, {"x-mbx-used-weight-1m": "nan"}, None),
        (USED, {"x-mbx-used-weight-1m": "-1"}, None),
    ],
)
def test_usage_is_read_by_the_clock_of_the_api(
    usage: UsageHeader, headers: dict[str, str], left: Left | None
) -> None:
    clock = api_time(headers) if "date" in headers else OURS
    assert left_of(usage, headers, 600, clock) == left


@pytest.mark.parametrize("headers", [{}, {"used": "a", "remaining": "b"}])
def test_a_usage_header_of_no_one_kind_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="either what is used or what remains"):
        UsageHeader(**headers)


def test_a_date_without_fractions_costs_a_second_of_each_minute() -> None:
    """Answers that come all through some seconds tell the API's clock to a few milliseconds, never ahead of it."""
    moments = [step * 0.0137 for step in range(300)]
    ours = iter(moments)
    clock, behind = ApiClock(monotonic=lambda: next(ours)), []
    for moment in moments:
        theirs = OURS + moment + 0.37
        behind.append(theirs - clock.read({"date": formatdate(math.floor(theirs), usegmt=True)}))
    assert min(behind) >= -1e-6
    assert max(behind[100:]) < 0.02


def test_a_late_answer_counts_for_the_next_minute() -> None:
    """It would say that all of that is used up already."""
    ours = iter([0.0, 30.0])
    clock = ApiClock(monotonic=lambda: next(ours))
    full_minute = OURS // 60 * 60
    clock.read({"date": formatdate(full_minute + 59, usegmt=True)})
    late = clock.read({"date": formatdate(full_minute + 59, usegmt=True)})
    left = left_of(USED, {"x-mbx-used-weight-1m": "600"}, 600, late)
    assert left is not None
    assert left.seconds < 0.01


def test_a_clock_that_was_set_back_is_believed_to_be_ahead_for_ever() -> None:
    clock = ApiClock(monotonic=lambda: 0.0)
    clock.read({"date": formatdate(OURS + 3600, usegmt=True)})
    assert clock.read({"date": formatdate(OURS, usegmt=True)}) <= OURS + 1

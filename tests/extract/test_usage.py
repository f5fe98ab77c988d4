"""What an answer's headers tell about the API's own limit."""

from datetime import UTC, datetime

import pytest

from extract.source import UsageHeader
from extract.usage import Left, left_of

USED = UsageHeader(used="X-MBX-USED-WEIGHT-1M")
REMAINING = UsageHeader(remaining="X-RateLimit-Remaining", reset="X-RateLimit-Reset")
OURS = datetime(2026, 3, 16, 12, 0, 15, tzinfo=UTC)
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
    assert left_of(usage, headers, per_minute=600, now=OURS) == left


@pytest.mark.parametrize("headers", [{}, {"used": "a", "remaining": "b"}])
def test_a_usage_header_of_no_one_kind_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="either what is used or what remains"):
        UsageHeader(**headers)

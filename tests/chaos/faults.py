"""A fifth of all answers fail: every record comes, politely."""

from sandbox.bulk import BulkConfig
from tests.chaos.lab import ORDERS, Figures, lab

CONFIG = """
[http]
read_seconds = 1
backoff_seconds = 0.05
attempts = 20
"""
FAULTS = ("too_many", "server_error", "reset", "cut_gzip", "time_out")


def run(*, records: int) -> Figures:
    """One load while 4 % of the answers fail in each of five ways."""
    with lab(BulkConfig(records=records, gzip=True)) as here:
        here.configure(CONFIG, page_size=200)
        here.api.faults(
            **{fault: {"rate": 0.2 / len(FAULTS)} for fault in FAULTS}, retry_after=1, time_out_seconds=3
        )
        here.run("run", *ORDERS)
        counts = here.api.counts()
        assert here.lost_and_doubled() == (0, 0)
        here.assert_books_balance()
    pages = -(-records // 200)
    assert set(counts.faults) == set(FAULTS), f"some faults did not happen: {counts.faults}"
    assert counts.requests <= 1.4 * pages
    assert counts.early_calls == 0
    return {
        "answers that failed": f"{sum(counts.faults.values())} of {counts.requests}",
        "lost, doubled": "0, 0",
        "requests": f"{counts.requests / pages:.2f} times as many as pages",
        "calls before a Retry-After had passed": str(counts.early_calls),
    }

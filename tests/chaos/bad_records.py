"""Bad records of every kind and pages broken whole: the good ones in raw, the bad ones kept, mended and counted."""

import json
from pathlib import Path

from sandbox.bulk import BadShares, BulkConfig, bad_records, record_bytes
from tests.chaos.lab import ORDERS, Figures, Lab, lab

SHARES = BadShares(nul=0.01, surrogate=0.01, not_utf8=0.01, number=0.01, too_large=0.01, no_key=0.01)
TOO_LARGE = 8_000
PAGE = 1000
CONFIG = f"""
[load]
max_record_bytes = {TOO_LARGE}
[http]
attempts = 2
backoff_seconds = 0.01
"""
TOLERANT = f"""{CONFIG}
[sources.smartpizza.dead_letters]
max_records = 100_000_000
max_share = 1.0
"""
MAX_RUNS = 60


def run(*, records: int, marts: bool) -> Figures:
    """Loads, mends and (with `marts`) builds."""
    config = BulkConfig(records=records, bad=SHARES, too_large_bytes=TOO_LARGE, seed=5)
    with lab(config) as here:
        here.configure(TOLERANT, page_size=PAGE)
        here.api.faults(half_json={"share": 0.01, "times": 3}, html={"share": 0.01, "times": 3})
        runs = _run_to_the_end(here)
        bad = bad_records(config)
        pages = here.scalar(
            "select count(*) from ops.dead_letters where position = -1 and status = 'replayed'"
        )
        assert pages > 0
        assert runs > 1
        assert here.lost_and_doubled() == (0, 0)
        here.assert_books_balance()
        _assert_letters_are(here, bad)
        mended = _mend(here)
        here.run("dead-letters", "replay", "smartpizza", "--mended", str(mended))
        assert here.scalar("select count(*) from ops.dead_letters where status = 'open'") == 0
        here.api.change(fixed=True)
        assert here.lost_and_doubled() == (0, 0)
        counted = _build(here) if marts else None
        assert counted in (records, None)
    return {
        "bad records": f"{len(bad):,} of {records:,}, in six ways, each a dead letter with its bytes",
        "pages broken whole": f"{pages}, each kept until a later run could read it; {runs} runs",
        "lost, doubled": "0, 0",
        "after the fix": f"0 letters open{f', {counted:,} orders in the mart' if counted else ''}",
    }


def _run_to_the_end(here: Lab) -> int:
    for number in range(1, MAX_RUNS + 1):
        done = here.run("run", *ORDERS, check=False)
        if done.returncode == 0:
            return number
        assert "could not be read" in done.stderr or "the answer is" in done.stderr, done.stderr
    raise AssertionError(f"not done after {MAX_RUNS} runs: {done.stderr}")


def _assert_letters_are(here: Lab, bad: dict[int, str]) -> None:
    """Each bad record is one letter, found by its place, with just the bytes that were served."""
    found = set()
    with here.connect() as connection, connection.transaction(), connection.cursor("letters") as cursor:
        cursor.execute("select page, position, bytes from ops.dead_letters where position >= 0")
        for page, position, body in cursor:
            index = (page - 1) * PAGE + position
            assert body == record_bytes(here.api.config, index)
            found.add(index)
    assert found == set(bad)
    assert here.scalar("select count(*) from ops.dead_letters where position >= 0") == len(bad)


def _mend(here: Lab) -> Path:
    """What the records should have been, as a person would give them back."""
    fixed = BulkConfig(records=here.api.config.records, fixed=True)
    path = here.folder / "mended.jsonl"
    with (
        here.connect() as connection,
        connection.transaction(),
        connection.cursor("letters") as cursor,
        path.open("w") as file,
    ):
        cursor.execute("select dead_letter_id, page, position from ops.dead_letters where status = 'open'")
        for letter_id, page, position in cursor:
            record = json.loads(record_bytes(fixed, (page - 1) * PAGE + position))
            file.write(json.dumps({"dead_letter_id": letter_id, "record": record}) + "\n")
    return path


def _build(here: Lab) -> int:
    """Orders that the mart counts."""
    here.dbt("run", "--select", "+fct_orders")
    return int(here.scalar("select count(*) from marts.fct_orders"))

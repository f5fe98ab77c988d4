"""Somebody who reads marts every 10 ms, and what they must find: the state before a build or the one after it."""

import threading
from collections import defaultdict

from tests.end_to_end.company import MARTS, Company

# A build commits a mart once: there are just two states that anybody may see.
_STATE = "select md5(coalesce(string_agg(rows::text, ';' order by rows::text collate \"C\"), '')) from marts.{} as rows"


def mart_states(company: Company) -> dict[str, str]:
    """All of each mart in one word."""
    return {mart: company.scalar(_STATE.format(mart), role="reporter") for mart in MARTS}


class MartReader:
    """Reads one mart after the other as role reporter, 10 ms apart, while the block runs."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._seen: dict[str, set[str]] = defaultdict(set)
        self._end = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._read)
        self.reads = 0

    def _read(self) -> None:
        try:
            with self._company.database.connect("reporter", autocommit=True) as connection:
                while not self._end.is_set():
                    for mart in MARTS:
                        row = connection.execute(_STATE.format(mart)).fetchone()
                        self._seen[mart].add(row[0])
                        self.reads += 1
                        self._end.wait(0.01)
        except BaseException as error:
            self._error = error

    def __enter__(self) -> "MartReader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(60)

    def assert_saw_only(self, before: dict[str, str], after: dict[str, str]) -> None:
        """Each mart was as it was before the build or as it is after it, at any moment, and never away."""
        assert self._error is None, f"a reader was refused: {self._error}"
        assert self.reads > 100, "nobody read while the build ran"
        for mart, seen in self._seen.items():
            assert seen <= {before[mart], after[mart]}, f"readers saw {mart} half-built"

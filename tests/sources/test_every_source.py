"""What every stream of every source must stand, against an API simulated from its own declaration.

A source added later is tested here without writing a test: it needs a fixture of its records, see cases.py.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest

from extract.errors import Exit
from extract.run_record import RunResult
from tests.sources.cases import Case, Place, Record
from tests.sources.conftest import OVERLAP_MINUTES, PAGE_SIZE, RECORDS, Ledger
from tests.sources.simulated import BAD, GOOD, SimulatedApi, as_bytes, as_json, credential

Extract = Callable[[SimulatedApi], RunResult]


def test_a_key_is_missing_or_repeats_in_the_fixture(case: Case) -> None:
    records = case.records()
    for record in records:
        for value in case.key_of(record):
            assert isinstance(value, str | int), f"{case.fixture.name}: no usable key in {record}"
    keys = [case.key_of(record) for record in records]
    assert len(set(keys)) == len(keys), (
        f"{case.fixture.name}: a key repeats; is {case.stream.primary_key} it?"
    )


def test_a_good_credential_does_not_bring_every_record(
    case: Case, api: SimulatedApi, extract: Extract, ledger: Ledger
) -> None:
    result = extract(api)
    assert (result.exit_code, result.error) == (Exit.DONE, None)
    assert ledger.loaded() == api.records
    assert ledger.sweeps() == [("finished", RECORDS)]


def test_a_bad_credential_is_not_named(
    case: Case, api: SimulatedApi, extract: Extract, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = credential(case.source, GOOD)
    for name, value in credential(case.source, BAD).items():
        monkeypatch.setenv(name, value)
        result = extract(api)
        assert result.exit_code == Exit.CONFIGURATION
        assert name in str(result.error)
        assert BAD not in str(result.error)
        monkeypatch.delenv(name)
        result = extract(api)
        assert result.exit_code == Exit.CONFIGURATION
        assert name in str(result.error)
        monkeypatch.setenv(name, good[name])
    assert ledger.loaded() == []


def test_the_second_run_asks_from_elsewhere_than_the_watermark(
    case: Case, api: SimulatedApi, extract: Extract, ledger: Ledger
) -> None:
    """Less the overlap; and what changes after the watermark is loaded, in order, to move it on."""
    assert extract(api).exit_code == Exit.DONE
    earned = ledger.watermark()
    first_run, api.requests = api.requests, []
    assert extract(api).exit_code == Exit.DONE
    if case.stream.cursor is None:
        assert [str(request.url) for request in api.requests] == [str(request.url) for request in first_run]
        assert ledger.loaded() == api.records * 2, "a full list is read whole each time"
        return
    latest = max(case.place_of(record) for record in api.records)
    assert earned is not None
    assert case.place(earned) == latest
    begin = case.less_overlap(latest, OVERLAP_MINUTES)
    asked = [api.asked_since(request) for request in api.requests]
    assert asked[0] == begin
    assert begin == min(place for place in asked if place is not None)
    assert case.place(str(ledger.watermark())) == latest

    newer = case.moved(case.many(RECORDS + 1)[-1], later(latest))
    api.records = case.ordered([*api.records, newer])
    assert extract(api).exit_code == Exit.DONE
    assert ledger.loaded()[-1] == newer
    assert case.place(str(ledger.watermark())) == later(latest)


def test_a_run_that_is_cut_after_any_load_loses_or_doubles(
    case: Case, api: SimulatedApi, extract: Extract, ledger: Ledger
) -> None:
    """Each run is cut one load further on; each next one goes on from there."""
    for start in case.starts(RECORDS, PAGE_SIZE):
        api.fail_from(start, lambda _: as_bytes(b"bad gateway", status=502))
        assert extract(api).exit_code == Exit.UNREACHABLE
        assert ledger.loaded() == api.records[:start]
        ledger.assert_nothing_is_half_done()
    api.mend()
    assert extract(api).exit_code == Exit.DONE
    assert ledger.loaded() == api.records
    assert ledger.sweeps() == [("finished", RECORDS)], "the sweep was not resumed but begun anew"


def test_a_watermark_in_the_future_is_not_survived(
    case: Case, api: SimulatedApi, extract: Extract, ledger: Ledger
) -> None:
    assert extract(api).exit_code == Exit.DONE
    if case.stream.cursor is None:
        assert ledger.watermark() is None, "a full list has nothing that could lie in the future"
        return
    future = later(max(case.place_of(record) for record in api.records), times=1_000_000)
    late = case.moved(case.many(RECORDS + 1)[-1], future)
    watermark = str(late[case.stream.cursor.field])
    ledger.rows("update ops.cursors set watermark = to_jsonb(%s::text) returning 1", watermark)
    assert (result := extract(api)).exit_code == Exit.DONE, result.error
    assert ledger.loaded() == api.records
    api.records = case.ordered([*api.records, late])
    assert extract(api).exit_code == Exit.DONE
    assert ledger.loaded() == api.records, "what comes at the watermark is lost"


def test_a_position_beyond_the_end_of_the_list_is_not_survived(
    case: Case, api: SimulatedApi, extract: Extract, ledger: Ledger
) -> None:
    """A run is cut, and the list is shorter when the next one goes on from there."""
    api.fail_from(case.starts(RECORDS, PAGE_SIZE)[-1], lambda _: as_bytes(b"bad gateway", status=502))
    assert extract(api).exit_code == Exit.UNREACHABLE
    loaded = ledger.loaded()
    api.mend()
    served, api.records = api.records, api.records[: RECORDS // 2]
    assert (result := extract(api)).exit_code == Exit.DONE, result.error
    loaded = loaded or api.records  # a list that comes in one page has no such position
    assert ledger.loaded() == loaded
    assert ledger.sweeps() == [("finished", len(loaded))]
    api.records = served
    assert extract(api).exit_code == Exit.DONE
    assert all(record in ledger.loaded() for record in served)


def test_an_empty_list_is_taken_for_an_error(
    case: Case, api: SimulatedApi, extract: Extract, ledger: Ledger
) -> None:
    served, api.records = api.records, []
    assert (result := extract(api)).exit_code == Exit.DONE, result.error
    assert ledger.sweeps() == [("finished", 0)]
    api.records = served
    assert extract(api).exit_code == Exit.DONE
    assert ledger.loaded() == served


def test_a_record_that_has_changed_its_shape_is_not_landed_as_it_came(
    case: Case, api: SimulatedApi, extract: Extract, ledger: Ledger
) -> None:
    api.records = [drifted(case, record) for record in api.records]
    assert (result := extract(api)).exit_code == Exit.DONE, result.error
    assert ledger.loaded() == api.records
    assert ledger.rows("select count(*) from ops.dead_letters") == [(0,)]


MALFORMED: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    "HTML": lambda _: as_bytes(b"<!doctype html><title>Sign in</title>", content_type="text/html"),
    "half JSON": lambda _: as_bytes(b'{"data": [{"id": 1'),
    "an error body": lambda _: as_json({"error": {"code": 17, "message": "try later"}}),
}


@pytest.mark.parametrize("malformed", MALFORMED)
def test_a_malformed_page_passes_for_a_good_one(
    malformed: str, case: Case, api: SimulatedApi, extract: Extract, ledger: Ledger
) -> None:
    good = case.starts(RECORDS, PAGE_SIZE)[:2][-1]
    api.fail_from(good, MALFORMED[malformed])
    result = extract(api)
    assert result.exit_code == Exit.FAILED
    assert result.error
    assert "api.test" in result.error
    assert ledger.loaded() == api.records[:good]
    assert ledger.sweeps() == [("failed", good)]
    assert ledger.watermark() is None
    ledger.assert_nothing_is_half_done()
    api.mend()
    assert extract(api).exit_code == Exit.DONE
    assert ledger.loaded() == api.records


def later(place: Place, times: int = 1) -> Place:
    return place + 1000 * times if isinstance(place, int) else place + timedelta(hours=times)


def drifted(case: Case, record: Record) -> Record:
    """`record` with what nobody has seen before, and a field (neither key nor cursor) of another type."""
    if isinstance(record, list):
        return [*record, {"never": ["seen", None]}]
    changed = {**record, "never_seen": {"before": [1, {"deep": None}]}, "neverSeenEither": 1e-3}
    kept: Sequence[Any] = [*case.stream.primary_key, case.stream.cursor and case.stream.cursor.field]
    retyped = next((field for field in record if field not in kept), None)
    if retyped is not None:
        changed[retyped] = 17 if isinstance(record[retyped], str) else "now a text"
    return changed

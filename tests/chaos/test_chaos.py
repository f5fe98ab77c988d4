"""A small run of each way to break extraction; `make chaos` does the same at full size."""

import pytest

from tests.chaos import bad_records, builds, clocks, crashes, crowd, disk_full, drip, faults, kills, signals


def test_a_kill_anywhere_loses_or_doubles() -> None:
    kills.run(kills=8, records=20_000, seed=7)


def test_a_crash_of_postgres_ends_the_run() -> None:
    crashes.run(crashes=2, records=60_000)


def test_failing_answers_lose_records_or_are_asked_again_too_soon() -> None:
    faults.run(records=20_000)


def test_a_dripping_answer_holds_everybody_up() -> None:
    drip.run()


def test_bad_records_are_lost_or_stop_the_good_ones() -> None:
    bad_records.run(records=20_000, marts=False)


def test_a_crowd_doubles_or_misses_rows() -> None:
    crowd.run(rounds=2)


def test_a_full_disk_leaves_half_a_load() -> None:
    try:
        disk_full.run(records=60_000)
    except disk_full.NoSmallDiskError as error:
        pytest.skip(str(error))


def test_a_clock_or_a_time_zone_changes_what_is_loaded() -> None:
    clocks.run(clocks=4, models=False)


def test_a_signal_leaves_half_a_load_or_a_backend() -> None:
    signals.run(signals=4, records=60_000)


@pytest.mark.timeout(600)
def test_a_build_that_is_ended_leaves_a_mart_partial_or_loses_its_place() -> None:
    builds.run(signals=3, kills=1, data_tests=False)

"""How many dead letters a sweep may leave before it fails."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.errors import Exit, TooManyDeadLettersError
from extract.source import DeadLetterSettings
from extract.tolerance import FEW, JUDGED_FROM, assert_tolerable, open_letters
from tests.extract.conftest import Command
from tests.extract.fake_api import FakeApi, order
from tests.extract.letters import KEYLESS, ZERO

PERCENT = st.integers(0, 100)


def is_tolerable(letters: int, served: int, finished: bool, thresholds: DeadLetterSettings) -> bool:
    try:
        assert_tolerable(
            letters, served, finished=finished, thresholds=thresholds, source="smartpizza", stream="orders"
        )
    except TooManyDeadLettersError:
        return False
    return True


@given(st.integers(0, 3000), st.integers(0, 100_000), st.booleans(), st.integers(0, 2000), PERCENT)
def test_a_sweep_fails_at_the_limit_or_goes_on_beyond_it(
    letters: int, more: int, finished: bool, max_records: int, percent: int
) -> None:
    """Against the definition in exact numbers."""
    served = letters + more
    thresholds = DeadLetterSettings(max_records=max_records, max_share=percent / 100)
    is_judged = finished or served >= JUDGED_FROM
    share = Fraction(letters, served) if served else Fraction(0)
    expected = letters <= max_records and not (is_judged and letters > FEW and share > Fraction(percent, 100))
    assert is_tolerable(letters, served, finished, thresholds) is expected


@given(st.integers(0, 3000), st.integers(0, 100_000), st.booleans(), st.integers(0, 2000), PERCENT)
def test_a_letter_less_is_tolerated_less(
    letters: int, more: int, finished: bool, max_records: int, percent: int
) -> None:
    thresholds = DeadLetterSettings(max_records=max_records, max_share=percent / 100)
    if is_tolerable(letters + 1, letters + more + 1, finished, thresholds):
        assert is_tolerable(letters, letters + more + 1, finished, thresholds)


def test_a_handful_of_letters_of_a_short_list_turns_a_run_red() -> None:
    assert is_tolerable(FEW, FEW, True, DeadLetterSettings())
    assert not is_tolerable(FEW + 1, FEW + 1, True, DeadLetterSettings())
    assert not is_tolerable(1, 1, False, DeadLetterSettings(max_records=0))


@pytest.mark.parametrize(
    ("letters", "served", "limit"), [(1001, 100_000, "max_records = 1000"), (60, 1000, "max_share = 0.05")]
)
def test_the_error_names_everything_but_what_to_do(letters: int, served: int, limit: str) -> None:
    with pytest.raises(TooManyDeadLettersError) as raised:
        assert_tolerable(
            letters,
            served,
            finished=False,
            thresholds=DeadLetterSettings(),
            source="smartpizza",
            stream="orders",
        )
    assert raised.value.exit_code == Exit.FAILED
    told = str(raised.value)
    for word in (
        f"smartpizza.orders: {letters} of {served} records ({letters / served:.2%})",
        f"more than {limit} in [sources.smartpizza.dead_letters] allows",
        "extract dead-letters list smartpizza --stream orders",
    ):
        assert word in told


def test_letters_of_another_sweep_or_given_up_count(extract: Any, command: Command, pool: Any) -> None:
    extract(FakeApi(orders=[order(1), ZERO, KEYLESS]))
    extract(FakeApi(orders=[order(2), ZERO]))
    with pool.connection() as connection:
        sweeps = [row[0] for row in connection.execute("select sweep_id from ops.sweeps order by 1")]
        assert [open_letters(connection, sweep) for sweep in sweeps] == [2, 1]
        command.run("dead-letters", "discard", "smartpizza", "--reason", "no usable key", "--because", "test")
        command.run("dead-letters", "replay", "smartpizza", "--id", "3", "--repair")
        assert [open_letters(connection, sweep) for sweep in sweeps] == [1, 0]


def test_a_sweep_of_bad_records_only_is_green(extract: Any, pool: Any) -> None:
    result = extract(FakeApi(orders=[KEYLESS] * 11 + [order(1)]))
    assert result.exit_code == Exit.FAILED
    assert "11 of 12 records (91.67%) are dead letters, more than max_share" in str(result.error)
    with pool.connection() as connection:
        assert connection.execute("select status, records from ops.sweeps").fetchone() == ("finished", 1)


def test_a_limit_that_cannot_be_is_taken(command: Command) -> None:
    command.configure("[sources.smartpizza.dead_letters]\nmax_share = 5")
    done = command.run("check", "smartpizza")
    assert done.returncode == Exit.CONFIGURATION
    assert "sources.smartpizza.dead_letters.max_share" in done.stderr
    command.configure("[sources.smartpizza.dead_letters]\nmax_recrods = 5")
    done = command.run("check", "smartpizza")
    assert "did you mean max_records?" in done.stderr

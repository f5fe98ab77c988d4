"""`extract dead-letters list | show | discard`: what people see of a letter, and giving it up."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from extract.dead_letter_text import printable
from extract.errors import Exit
from extract.run_record import RunResult
from tests.extract.conftest import Command
from tests.extract.fake_api import FakeApi, order
from tests.extract.letters import KEYLESS, ZERO, assert_books_balance, letters

UNPRINTABLE = b'{"customer_id":"esc","note":"\xc2\x9b31m\xff \xe2\x80\xae"}'


@pytest.fixture
def queue(extract: Callable[..., RunResult]) -> None:
    """Four letters: 1 of customers and not for a terminal; of orders 2 and 3 without a key, 4 a zero character."""
    api = FakeApi(orders=[order(1), KEYLESS, KEYLESS, ZERO], customers=[UNPRINTABLE])
    assert extract(api, "customers").error is None
    assert extract(api, "orders").error is None


def listed(command: Command, *arguments: str) -> list[int]:
    done = command.run("dead-letters", "list", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["dead_letter_id"] for line in done.stdout.splitlines()]


def test_a_letter_is_listed_that_was_not_asked_for(queue: None, command: Command) -> None:
    assert listed(command) == listed(command, "smartpizza") == [1, 2, 3, 4]
    assert listed(command, "--stream", "customers") == [1]
    assert listed(command, "--reason", "NO USABLE key (order_id)") == [2, 3]
    assert listed(command, "--reason", "%") == []
    assert listed(command, "--limit", "2") == [1, 2]
    command.run("dead-letters", "discard", "smartpizza", "--id", "2", "--because", "x")
    command.run("dead-letters", "replay", "smartpizza", "--id", "4", "--repair")
    assert listed(command) == [1, 3]
    assert listed(command, "--status", "discarded") == [2]
    assert listed(command, "--status", "replayed") == [4]
    assert listed(command, "--status", "all") == [1, 2, 3, 4]
    wrong = command.run("dead-letters", "list", "--stream", "pizzas")
    assert (wrong.returncode, "no source has a stream 'pizzas'" in wrong.stderr) == (2, True)


def test_the_counts_leave_out_what_is_not_shown(queue: None, command: Command) -> None:
    done = command.run("dead-letters", "list", "--limit", "1")
    first, total, *groups = done.stdout.splitlines()
    assert first.split()[:8] == ["1", "smartpizza.customers", "load", "1", "page", "1", "position", "0"]
    assert total == "4 dead letters, the oldest 1 shown"
    assert [line.split()[:2] for line in groups] == [
        ["1", "smartpizza.customers"],
        ["2", "smartpizza.orders"],
        ["1", "smartpizza.orders"],
    ]
    assert groups[0].endswith("not UTF-8: invalid start byte"), (
        "where the byte was would make each letter a group"
    )


def test_a_terminal_is_sent_what_it_would_obey(queue: None, command: Command) -> None:
    shown = command.run("dead-letters", "show", "1", "4").stdout
    assert r"\x9b31m\xff \u202e" in shown
    assert r"a\u0000b" in shown, "JSON's own escapes stay as they are"
    assert all(character.isprintable() for character in shown.replace("\n", ""))
    assert "reason: not UTF-8: invalid start byte at byte" in shown


@pytest.mark.parametrize("data", [bytes(range(256)), "\u2028\ud7ff\U0001f355é".encode(), b""])
def test_no_byte_is_printed_as_it_is(data: bytes) -> None:
    assert printable(data).isprintable()


def test_raw_gives_other_bytes(queue: None, command: Command) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "extract", "dead-letters", "show", "1", "--raw"],
        env=command.env(),
        cwd=command.folder,
        capture_output=True,
        check=True,
    )
    assert done.stdout == UNPRINTABLE
    for wrong in (["1", "2", "--raw"], ["1", "--raw", "--json"]):
        refused = command.run("dead-letters", "show", *wrong)
        assert (refused.returncode, "give one ID" in refused.stderr) == (2, True)


def test_a_letter_that_does_not_exist_shows_nothing_wrong(queue: None, command: Command) -> None:
    done = command.run("dead-letters", "show", "1", "99")
    assert (done.returncode, done.stdout) == (Exit.CONFIGURATION, "")
    assert "there is no dead letter 99" in done.stderr


def test_nobody_knows_who_discarded_a_letter_and_why(
    queue: None, command: Command, elt_database: Any
) -> None:
    done = command.run(
        "dead-letters", "discard", "smartpizza", "--reason", "no usable KEY", "--because", "test orders"
    )
    assert (done.returncode, done.stdout) == (0, "smartpizza: discarded 2 dead letters\n")
    assert "discarded by extractor" in (shown := command.run("dead-letters", "show", "2").stdout)
    assert ": test orders\n" in shown
    with elt_database.connect("admin") as admin:
        kept = admin.execute(
            """
            select bytes, discarded_by, discarded_because, discarded_at between created_at and clock_timestamp()
            from ops.dead_letters where status = 'discarded'
            """
        ).fetchall()
    assert [(bytes(row[0]), *row[1:]) for row in kept] == [(KEYLESS, "extractor", "test orders", True)] * 2
    again = command.run("dead-letters", "discard", "smartpizza", "--id", "2", "--because", "x")
    assert again.returncode == Exit.CONFIGURATION
    assert "--id: dead letter 2 is discarded (test orders), not open" in again.stderr
    every = command.run(
        "dead-letters", "discard", "smartpizza", "--all", "--stream", "orders", "--because", "x"
    )
    assert every.stdout == "smartpizza: discarded 1 dead letters\n"
    assert [status for _, status, _ in letters(elt_database)] == ["open"] + ["discarded"] * 3
    assert_books_balance(elt_database)


def test_a_discard_that_does_not_say_what_and_why_discards(
    queue: None, command: Command, elt_database: Any
) -> None:
    for arguments in (
        ["--because", "x"],
        ["--all"],
        ["--all", "--because", " "],
        ["--reason", "", "--because", "x"],
        ["--all", "--id", "1", "--because", "x"],
        ["--id", "1", "--reason", "key", "--because", "x"],
        ["--id", "2", "--stream", "customers", "--because", "x"],
        ["--all", "--stream", "pizzas", "--because", "x"],
    ):
        assert command.run("dead-letters", "discard", "smartpizza", *arguments).returncode == 2, arguments
    assert [status for _, status, _ in letters(elt_database)] == ["open"] * 4


@pytest.mark.parametrize("role", ["reporter", "transformer"])
def test_somebody_else_reads_or_changes_letters(queue: None, role: str, command: Command) -> None:
    """They hold personal data."""
    for arguments in (
        ["list"],
        ["show", "1"],
        ["replay", "smartpizza"],
        ["discard", "smartpizza", "--all", "--because", "x"],
    ):
        done = command.run("dead-letters", *arguments, role=role)
        assert done.returncode == Exit.CONFIGURATION
        assert "permission denied" in done.stderr
        assert "hello" not in done.stdout


def test_the_extractor_may_change_what_a_letter_holds(queue: None, elt_database: Any) -> None:
    with elt_database.connect("admin") as admin:
        allowed = admin.execute(
            """
            select column_name::text from information_schema.column_privileges
            where table_name = 'dead_letters' and grantee = 'extractor' and privilege_type = 'UPDATE' order by 1
            """
        ).fetchall()
    assert [row[0] for row in allowed] == [
        "discarded_at", "discarded_because", "discarded_by", "mended_at", "mended_by_load_id", "status",
    ]  # fmt: skip


def test_open_letters_are_counted_twice_after_a_replay(queue: None, command: Command) -> None:
    command.run("dead-letters", "replay", "smartpizza", "--repair", "--id", "4")
    found = json.loads(command.run("status", "smartpizza", "--json").stdout)["streams"]
    counts = {(row["stream"], row["shard"]): row["dead_letters_open"] for row in found}
    assert counts["orders", ""] == 2
    assert counts["orders", "replay"] == 0


def test_a_command_has_no_example(command: Command) -> None:
    for name in ("list", "show", "replay", "discard"):
        done = command.run("dead-letters", name, "--help", COLUMNS="200")
        assert f"Example: extract dead-letters {name}" in done.stdout

"""Letters that are replayed as something else than their bytes: repaired, mended by a person, or a whole page."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from psycopg_pool import ConnectionPool

from extract import ledger
from extract.erase import REDACTION, erase
from extract.errors import Exit
from extract.lease import Leases
from extract.ledger import Position
from extract.load import Load, LoadedPage
from extract.loader import Loader
from extract.run_record import RunResult
from extract.settings import LeaseSettings
from extract.sources import all_sources
from tests.extract.conftest import Command
from tests.extract.fake_api import FakeApi, order
from tests.extract.letters import KEYLESS, ZERO, assert_books_balance, letters, raw

SURROGATE_KEY = rb'{"order_id":"a\ud800","note":"x"}'
NO_UTF8 = b'{"order_id":"latin","note":"caf\xe9","zero":"\\u0000"}'
HUGE = b'{"order_id":"huge","total":1e400000}'


@pytest.fixture
def queue(extract: Callable[..., RunResult], elt_database: Any) -> None:
    """Five letters: 1 no key, 2 a zero character, 3 no UTF-8 and a zero, 4 a number, 5 half a pair in the key."""
    assert extract(FakeApi(orders=[order(1), KEYLESS, ZERO, NO_UTF8, HUGE, SURROGATE_KEY])).error is None
    assert len(letters(elt_database)) == 5


def test_a_repair_is_not_told_apart_from_what_the_api_sent(
    queue: None, command: Command, elt_database: Any
) -> None:
    done = command.run("dead-letters", "replay", "smartpizza", "--repair")
    assert done.returncode == Exit.FAILED
    assert "replayed 3 dead letters in 1 loads (3 records), 2 stay open" in done.stdout
    assert "its key (order_id) is damaged: give it back by --mended" in done.stdout
    rows = [(record, context) for _, record, context in raw(elt_database)]
    assert rows == [
        (order(1), None),
        ({"order_id": "zero", "note": "a\ufffdb"}, {"repaired": ["zero character"]}),
        (
            {"order_id": "latin", "note": "caf\ufffd", "zero": "\ufffd"},
            {"repaired": ["zero character", "bytes that are no UTF-8"]},
        ),
        ({"order_id": "huge", "total": "1e400000"}, {"repaired": ["number beyond numeric"]}),
    ]
    with elt_database.connect("admin") as admin:
        kept = admin.execute(
            "select bytes from ops.dead_letters where status = 'replayed' order by dead_letter_id"
        ).fetchall()
    assert [bytes(row[0]) for row in kept] == [ZERO, NO_UTF8, HUGE], "a letter keeps what the API sent"
    assert_books_balance(elt_database)


def test_the_streams_context_is_lost_by_a_repair(queue: None, command: Command, elt_database: Any) -> None:
    with elt_database.connect("admin", autocommit=True) as admin:
        admin.execute(
            """update ops.dead_letters set context = '{"region": "eu\\\\u"}' where dead_letter_id in (2, 3)"""
        )
    mended = command.folder / "mended.jsonl"
    mended.write_text('{"dead_letter_id": 2, "record": {"order_id": "mended"}}')
    assert command.run("dead-letters", "replay", "smartpizza", "--mended", str(mended)).returncode == 0
    command.run("dead-letters", "replay", "smartpizza", "--repair", "--id", "3")
    contexts = [context for _, _, context in raw(elt_database)[1:]]
    assert contexts == [
        {"region": "eu\\u", "mended": True},
        {"region": "eu\\u", "repaired": ["zero character", "bytes that are no UTF-8"]},
    ]


def test_a_mended_record_is_not_what_was_given(queue: None, command: Command, elt_database: Any) -> None:
    """As `show --json` writes it, mended with any tool: the record as JSON or as a text, each digit as it is there."""
    shown = command.run("dead-letters", "show", "3", "1", "--json").stdout.splitlines()
    third, first = map(json.loads, shown)
    assert base64.b64decode(third["record_base64"]) == NO_UTF8
    assert "record_text" not in third
    assert first["record_text"].encode() == KEYLESS
    first["record_text"] = '{"order_id":"first","total":1.10}'
    mended = command.folder / "mended.jsonl"
    mended.write_text(
        json.dumps(first)
        + '\n\n{"dead_letter_id": 5, "record": {"order_id":"five","total":100000000000000000000.0}}\n'
    )
    done = command.run("dead-letters", "replay", "smartpizza", "--mended", str(mended))
    assert done.returncode == 0, done.stdout
    with elt_database.connect("admin") as admin:
        found = admin.execute(
            "select record::text, context from raw.smartpizza__orders where context is not null order by 1"
        ).fetchall()
    assert found == [
        ('{"total": 1.10, "order_id": "first"}', {"mended": True}),
        ('{"total": 100000000000000000000.0, "order_id": "five"}', {"mended": True}),
    ]
    assert [status for _, status, _ in letters(elt_database)] == [
        "replayed",
        "open",
        "open",
        "open",
        "replayed",
    ]
    assert_books_balance(elt_database)


def test_a_mended_record_that_is_still_bad_is_loaded(
    queue: None, command: Command, elt_database: Any
) -> None:
    mended = command.folder / "mended.jsonl"
    lines = [
        {"dead_letter_id": 1, "record": {"order_id": "zero", "note": "\x00"}},
        {"dead_letter_id": 2, "record_text": '{"order_id": 1} {}'},
        {"dead_letter_id": 5, "record": {"note": "no key"}},
    ]
    mended.write_text("\n".join(map(json.dumps, lines)))
    done = command.run("dead-letters", "replay", "smartpizza", "--mended", str(mended))
    assert done.returncode == Exit.FAILED
    assert "replayed 0 dead letters in 0 loads (0 records), 3 stay open" in done.stdout
    assert len(letters(elt_database)) == 5


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (['{"dead_letter_id": 1, "record": {'], "line 2 is not"),
        (['{"record": {"order_id": 1}}'], "line 2 is not"),
        (['{"dead_letter_id": 1}'], "line 2: give either record or record_text"),
        (['{"dead_letter_id": 1, "record": {}, "record_text": ""}'], "line 2: give either"),
        (['{"dead_letter_id": 99, "record": {}}'], "line 2: there is no dead letter 99"),
        (['{"dead_letter_id": 2, "record": {}}'], "line 2: dead letter 2 is discarded (spam), not open"),
        (['{"dead_letter_id": 5, "record": {}}'], "line 2: dead letter 5 was given in"),
    ],
)
def test_half_of_a_file_with_a_wrong_line_is_done(
    queue: None, lines: list[str], told: str, command: Command, elt_database: Any
) -> None:
    command.run("dead-letters", "discard", "smartpizza", "--id", "2", "--because", "spam")
    mended = command.folder / "mended.jsonl"
    mended.write_text("\n".join(['{"dead_letter_id": 5, "record": {"order_id": "five"}}', *lines]))
    done = command.run("dead-letters", "replay", "smartpizza", "--mended", str(mended))
    assert done.returncode == Exit.CONFIGURATION
    assert f"{mended.name} line" in done.stderr
    assert told in done.stderr
    assert len(raw(elt_database)) == 1


def test_mended_beside_another_choice_means_something(queue: None, command: Command) -> None:
    for other in (["--repair"], ["--id", "1"]):
        done = command.run("dead-letters", "replay", "smartpizza", "--mended", "missing.jsonl", *other)
        assert (done.returncode, "leave out --id and --repair" in done.stderr) == (2, True)
    missing = command.run("dead-letters", "replay", "smartpizza", "--mended", "missing.jsonl")
    assert missing.returncode == Exit.CONFIGURATION
    assert "missing.jsonl cannot be read" in missing.stderr


def test_an_erased_persons_letter_comes_back(
    extract: Callable[..., RunResult], command: Command, elt_database: Any
) -> None:
    """Neither by a replay, nor repaired, nor mended; nor does it stand in the letter any more."""
    theirs = rb'{"order_id":"a","customer_id":"cus_1","note":"\u0000"}'
    others = rb'{"order_id":"b","customer_id":"cus_2","note":"\u0000"}'
    api = FakeApi(orders=[theirs, others])
    api.lists["/v1/customers/erasures"] = [
        {"erasure_id": "e", "customer_id": "cus_1", "erased_at": "2026-03-16T11:00:00.000Z"}
    ]
    assert extract(api, "orders", "customer_erasures").error is None
    with elt_database.connect("maintainer") as maintainer:
        erase(maintainer, all_sources()["smartpizza"])
    mended = command.folder / "mended.jsonl"
    mended.write_text('{"dead_letter_id": 1, "record": {"order_id": "a", "customer_id": "cus_1"}}')
    for arguments in (["--mended", str(mended)], ["--id", "1"]):
        refused = command.run("dead-letters", "replay", "smartpizza", *arguments)
        assert (refused.returncode, "dead letter 1 is discarded" in refused.stderr) == (2, True)
    assert command.run("dead-letters", "replay", "smartpizza", "--repair").returncode == 0
    assert [record["order_id"] for _, record, _ in raw(elt_database)] == ["b"]
    shown = command.run("dead-letters", "show", "1").stdout
    assert "cus_1" not in shown
    assert REDACTION.decode() in shown


def test_an_erasure_forgets_that_a_letter_was_replayed(
    extract: Callable[..., RunResult], command: Command, elt_database: Any
) -> None:
    theirs = rb'{"order_id":"a","customer_id":"cus_1","delivery_address":"Home","note":"\u0000"}'
    api = FakeApi(orders=[theirs])
    api.lists["/v1/customers/erasures"] = [
        {"erasure_id": "e", "customer_id": "cus_1", "erased_at": "2026-03-16T11:00:00.000Z"}
    ]
    extract(api, "orders", "customer_erasures")
    command.run("dead-letters", "replay", "smartpizza", "--repair")
    with elt_database.connect("maintainer") as maintainer:
        done = erase(maintainer, all_sources()["smartpizza"])
    assert (done.raw_records, done.dead_letters) == (1, 1)
    ((_, status, mended_by),) = letters(elt_database)
    assert (status, mended_by is not None) == ("replayed", True)
    assert raw(elt_database)[0][1]["delivery_address"] is None
    assert_books_balance(elt_database)


@pytest.fixture
def page_letter(pool: ConnectionPool, elt_database: Any) -> Callable[[bytes], int]:
    """Leaves a page as a letter, in a load that ended there, and gives the letter's id."""

    def leave(body: bytes) -> int:
        run_id = uuid4()
        with pool.connection() as connection:
            ledger.start_run(connection, run_id, "smartpizza", "run")
            sweep = ledger.begin_sweep(
                connection, run_id, source="smartpizza", stream="orders", kind="incremental", since=None
            )
        page = LoadedPage(3, [msgspec.Raw(body)], len(body), datetime.now(UTC), None, {0: "page is no JSON"})
        load = Load(run_id, sweep, "smartpizza__orders", None, [page], Position(page=3), None, finishes=False)
        lease = Leases(pool, run_id, LeaseSettings()).take("test")
        load_id = Loader(pool).commit(load, lease).load_id
        with elt_database.connect("admin", autocommit=True) as admin:
            row = admin.execute(
                "update ops.dead_letters set position = -1 where load_id = %s returning dead_letter_id",
                [load_id],
            ).fetchone()
        return int(row[0])

    return leave


def test_a_page_that_cannot_be_read_is_taken_for_a_record(
    page_letter: Callable[[bytes], int], command: Command, elt_database: Any
) -> None:
    page_letter(b'{"order_id":"not a page"}')
    for arguments in ([], ["--repair"]):
        done = command.run("dead-letters", "replay", "smartpizza", *arguments)
        assert done.returncode == Exit.FAILED
        assert "the answer is not the declared JSON envelope" in done.stdout
    assert [status for _, status, _ in letters(elt_database)] == ["open"]
    assert raw(elt_database) == []


def test_a_page_is_lost_for_one_bad_record(
    page_letter: Callable[[bytes], int], command: Command, elt_database: Any
) -> None:
    """Mended: its good records are loaded, and those that are bad, in two ways, become letters of their own."""
    letter = page_letter(b'{"data": [{"order_id"')
    mended: Path = command.folder / "mended.jsonl"
    records = [order(1), {"no": "key"}, order(2), json.loads(ZERO)]
    page = {"data": records, "next_page_token": "abc", "as_of": "2026-03-16T12:00:00.000Z"}
    mended.write_text(json.dumps({"dead_letter_id": letter, "record": page}))
    done = command.run("dead-letters", "replay", "smartpizza", "--mended", str(mended))
    assert done.returncode == Exit.FAILED
    assert "replayed 1 dead letters in 1 loads (2 records), 2 stay open" in done.stdout
    assert [record for _, record, _ in raw(elt_database)] == [order(1), order(2)]
    with elt_database.connect("admin") as admin:
        found = admin.execute(
            "select page, position, status, context, served_at from ops.dead_letters order by dead_letter_id"
        ).fetchall()
    served_at = datetime(2026, 3, 16, 12, tzinfo=UTC)
    assert found == [
        (3, -1, "replayed", None, None),
        (3, 1, "open", {"mended": True}, served_at),
        (3, 3, "open", {"mended": True}, served_at),
    ]
    assert_books_balance(elt_database)
    assert (
        command.run("dead-letters", "replay", "smartpizza", "--repair", "--id", str(letter + 2)).returncode
        == 0
    )
    contexts = [context for _, _, context in raw(elt_database)]
    assert contexts == [{"mended": True}, {"mended": True}, {"mended": True, "repaired": ["zero character"]}]
    assert_books_balance(elt_database)

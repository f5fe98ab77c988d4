"""`extract dead-letters replay`: what is good by now is loaded once, what is not stays open."""

from collections.abc import Callable
from typing import Any

import pytest

from extract.errors import Exit
from extract.settings import Settings
from tests.extract.conftest import Command
from tests.extract.fake_api import FakeApi, answer, order
from tests.extract.letters import KEYLESS, ZERO, assert_books_balance, deep, leave_letters, letters, raw
from tests.extract.test_invariant_1_one_transaction_a_load import wait_for

LOCK = 78


@pytest.fixture
def left(elt_database: Any, make_settings: Callable[..., Settings]) -> None:
    """Three loads of orders: two with two letters each that are good by now, one with two that never will be."""
    records: list[Any] = [order(number) for number in range(60)]
    records[5:7] = deep(1), deep(2)
    records[25:27] = deep(3), deep(4)
    records[45:47] = ZERO, KEYLESS
    leave_letters(elt_database, make_settings(), "orders", records)
    assert [status for _, status, _ in letters(elt_database)] == ["open"] * 6
    assert len(raw(elt_database)) == 54


def test_what_is_good_by_now_stays_in_the_queue(left: None, command: Command, elt_database: Any) -> None:
    done = command.run("dead-letters", "replay", "smartpizza")
    assert done.returncode == Exit.FAILED
    assert done.stdout.splitlines()[0] == (
        "smartpizza: replayed 4 dead letters in 2 loads (4 records), 2 stay open"
    )
    assert "u0000" in done.stdout
    assert "no usable key (order_id)" in done.stdout
    assert len(done.stderr.splitlines()) == 1
    found = letters(elt_database)
    assert [status for _, status, _ in found] == ["replayed"] * 4 + ["open"] * 2
    loaded = [(load, record["order_id"]) for load, record, _ in raw(elt_database)][54:]
    assert [name for _, name in loaded] == ["deep-000001", "deep-000002", "deep-000003", "deep-000004"]
    assert [load for load, _ in loaded] == [mended for _, _, mended in found[:4]]
    with elt_database.connect("admin") as admin:
        kinds = admin.execute(
            """
            select sweep.kind, sweep.shard, sweep.status, load.finishes_sweep, load.replays_load_id is not null
            from ops.loads as load join ops.sweeps as sweep using (sweep_id)
            where load.load_id = any(%s)
            """,
            [[load for load, _ in loaded]],
        ).fetchall()
        mended = admin.execute(
            """
            select count(*) from ops.dead_letters as letter join ops.loads as load
                on load.load_id = letter.mended_by_load_id and load.replays_load_id = letter.load_id
            where letter.mended_at is not null
            """
        ).fetchone()
        run = admin.execute(
            "select command, status, exit_code from ops.runs order by started_at desc limit 1"
        ).fetchone()
    assert kinds == [("replay", "replay", "finished", False, True)] * 2
    assert mended == (4,)
    assert run == ("replay", "failed", 1)
    assert_books_balance(elt_database)


def test_a_second_replay_loads_it_again(left: None, command: Command, elt_database: Any) -> None:
    command.run("dead-letters", "replay", "smartpizza")
    before = raw(elt_database)
    again = command.run("dead-letters", "replay", "smartpizza")
    assert again.returncode == Exit.FAILED
    assert "replayed 0 dead letters in 0 loads" in again.stdout
    assert raw(elt_database) == before
    assert len(letters(elt_database)) == 6, "a letter that is still bad was doubled"


def test_a_letter_that_was_not_asked_for_is_replayed(left: None, command: Command, elt_database: Any) -> None:
    (second, _, _), (fourth, _, _) = letters(elt_database)[1], letters(elt_database)[3]
    none = command.run("dead-letters", "replay", "smartpizza", "--stream", "customers")
    assert (none.returncode, none.stdout.split(" in ")[0]) == (0, "smartpizza: replayed 0 dead letters")
    done = command.run("dead-letters", "replay", "smartpizza", "--id", str(second), "--id", str(fourth))
    assert done.returncode == 0, done.stderr
    assert [status for _, status, _ in letters(elt_database)] == [
        "open", "replayed", "open", "replayed", "open", "open",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--id", "999"], "--id: there is no dead letter 999"),
        (["--id", "1", "--stream", "customers"], "--id: dead letter 1 is one of smartpizza.orders"),
        (["--stream", "pizzas"], "smartpizza has no stream 'pizzas'; its streams: branches"),
    ],
)
def test_a_wrong_name_does_something(
    left: None, arguments: list[str], told: str, command: Command, elt_database: Any
) -> None:
    done = command.run("dead-letters", "replay", "smartpizza", *arguments)
    assert done.returncode == Exit.CONFIGURATION
    assert told in done.stderr
    assert len(raw(elt_database)) == 54


PLACES = {
    "in the COPY": "before insert on raw.smartpizza__orders for each row",
    "at the letters": "before update on ops.dead_letters for each row",
    "at the ledger row": "before insert on ops.loads for each row",
}


@pytest.mark.parametrize("place", [*PLACES, "in the commit"])
def test_a_kill_loses_or_doubles_a_letter(
    place: str, left: None, command: Command, elt_database: Any
) -> None:
    """Killed in its second load: the first stays, the second never was, and the next replay does it."""
    with elt_database.connect("admin", autocommit=True) as admin:
        halt(admin, place, unless="(select count(*) from ops.loads where replays_load_id is not null) = 0")
        with command.started("dead-letters", "replay", "smartpizza") as process:
            wait_for(admin, "select 1 from pg_locks where locktype = 'advisory' and not granted", process)
            process.kill()
            process.wait()
        admin.execute("select pg_advisory_unlock(%s)", [LOCK])
        wait_for(
            admin,
            "select 1 where not exists"
            " (select from pg_stat_activity where usename = 'extractor' and datname = current_database())",
        )
        admin.execute("drop function halt cascade")
        assert [status for _, status, _ in letters(elt_database)] == ["replayed"] * 2 + ["open"] * 4
        held = command.run("dead-letters", "replay", "smartpizza")
        assert held.returncode == Exit.LEASE_HELD, "the dead replay's lease has not expired"
        admin.execute("update ops.leases set expires_at = clock_timestamp()")
    command.run("dead-letters", "replay", "smartpizza")
    assert [status for _, status, _ in letters(elt_database)] == ["replayed"] * 4 + ["open"] * 2
    assert sorted(record["order_id"] for _, record, _ in raw(elt_database)[54:]) == [
        f"deep-{number:06}" for number in range(1, 5)
    ]
    with elt_database.connect("admin") as admin:
        sweeps = admin.execute("select status, served from ops.sweeps where kind = 'replay'").fetchall()
    assert sweeps == [("finished", 4)], "the killed replay's sweep was not gone on with"
    assert_books_balance(elt_database)


def test_two_replays_at_once_load_a_letter_twice(left: None, command: Command, elt_database: Any) -> None:
    with elt_database.connect("admin", autocommit=True) as admin:
        halt(admin, "at the ledger row")
        with command.started("dead-letters", "replay", "smartpizza") as first:
            wait_for(admin, "select 1 from pg_locks where locktype = 'advisory' and not granted", first)
            second = command.run("dead-letters", "replay", "smartpizza")
            admin.execute("select pg_advisory_unlock(%s)", [LOCK])
            assert first.wait(timeout=30) == Exit.FAILED
    assert second.returncode == Exit.LEASE_HELD
    assert "smartpizza/orders/replay is being extracted by" in second.stderr
    assert len(raw(elt_database)) == 58
    assert_books_balance(elt_database)


def test_a_sweep_and_a_replay_disturb_each_other(
    left: None,
    command: Command,
    elt_database: Any,
    extract: Callable[..., Any],
) -> None:
    """A replay in the middle of a sweep: the sweep keeps its place, its watermark and its own books."""
    seen: list[str] = []
    api = FakeApi(orders=[order(number, minute=120) for number in range(60)])
    api.as_of = "2026-03-16T13:00:00.000Z"

    def replay_now(request: Any) -> Any:
        with command.started("dead-letters", "replay", "smartpizza") as process:
            seen.append(process.communicate(timeout=30)[0])
        return api.page(request)

    api.planned = [None, None, None, replay_now]
    swept = extract(api)
    assert swept.error is None
    assert "replayed 4 dead letters in 2 loads" in seen[0]
    assert swept.streams[0].records == 60
    with elt_database.connect("admin") as admin:
        cursor = admin.execute("select shard, watermark from ops.cursors").fetchall()
        orders = admin.execute("select load_order from ops.loads order by 1").fetchall()
    assert cursor == [("", "2026-03-16T13:00:00.000Z")]
    assert [row[0] for row in orders] == list(range(orders[0][0], orders[0][0] + len(orders)))
    assert_books_balance(elt_database)


def test_an_unfinished_sweep_is_forgotten_after_a_replay(
    left: None, command: Command, extract: Callable[..., Any]
) -> None:
    api = FakeApi(orders=[order(number, minute=120) for number in range(60)])
    api.planned = [None, None, None, *[lambda _: answer(b"<html>busy</html>")] * 3]
    assert extract(api).exit_code == Exit.FAILED
    command.run("dead-letters", "replay", "smartpizza")
    done = extract(api)
    assert done.streams[0].resumed


@pytest.mark.parametrize("by", ["a discard", "an erasure"])
def test_a_letter_given_up_during_a_replay_is_loaded(
    by: str, left: None, command: Command, elt_database: Any
) -> None:
    """The replay has read it already; nothing of that letter's load may come."""
    with elt_database.connect("admin", autocommit=True) as admin:
        halt(admin, "in the COPY")
        with command.started("dead-letters", "replay", "smartpizza") as process:
            wait_for(admin, "select 1 from pg_locks where locktype = 'advisory' and not granted", process)
            if by == "a discard":
                given_up = command.run("dead-letters", "discard", "smartpizza", "--id", "1", "--because", "x")
                assert given_up.returncode == 0, given_up.stderr
            else:
                admin.execute(
                    "update ops.dead_letters set bytes = 'redacted', reason = 'erased', status = 'discarded'"
                    " where dead_letter_id = 1"
                )
            admin.execute("select pg_advisory_unlock(%s)", [LOCK])
            _, err = process.communicate(timeout=30)
    assert process.returncode == Exit.FAILED
    assert "1 of 2 dead letters were discarded, erased or replayed by somebody else" in err
    assert len(raw(elt_database)) == 54
    assert [status for _, status, _ in letters(elt_database)] == ["discarded"] + ["open"] * 5
    command.run("dead-letters", "replay", "smartpizza")
    assert len(raw(elt_database)) == 57
    assert_books_balance(elt_database)


def test_a_signal_leaves_the_replay_running(left: None, command: Command, elt_database: Any) -> None:
    with elt_database.connect("admin", autocommit=True) as admin:
        halt(admin, "at the letters")
        with command.started("dead-letters", "replay", "smartpizza") as process:
            wait_for(admin, "select 1 from pg_locks where locktype = 'advisory' and not granted", process)
            process.terminate()
            assert process.wait(timeout=10) == Exit.TERMINATED
        status = admin.execute("select status, exit_code from ops.runs where command = 'replay'").fetchall()
    assert status == [("stopped", 143)]
    assert len(raw(elt_database)) == 54


def halt(admin: Any, place: str, unless: str = "false") -> None:
    """Lets whoever comes to `place` wait for a lock that this connection holds, unless the condition says not to."""
    trigger = (
        "create constraint trigger halt after insert on ops.loads deferrable initially deferred for each row"
        if place == "in the commit"
        else f"create trigger halt {PLACES[place]}"
    )
    admin.execute(
        f"""
        create function halt() returns trigger language plpgsql security definer as $$
        begin
            if not ({unless}) then
                perform pg_advisory_lock_shared({LOCK});
                perform pg_advisory_unlock_shared({LOCK});
            end if;
            return new;
        end $$
        """
    )
    admin.execute(f"{trigger} execute function halt()")
    admin.execute("select pg_advisory_lock(%s)", [LOCK])

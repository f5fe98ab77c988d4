"""A signal ends a build within seconds: exit code, ledger, lease, and no query left, wherever it was."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.extract.conftest import Command
from tests.extract.dbt_project import make_project
from tests.halting import wait_for

SESSIONS = "from pg_stat_activity where application_name = 'dbt' and datname = current_database()"
SLOW = "{{ config(materialized='table') }} select 1 as id from (select pg_sleep(60) as it) as slow"
FIRST = "{{ config(materialized='table') }} select 1 as id"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_leaves_a_query_or_says_nothing_of_what_was_done(
    number: int, code: int, command: Command, elt_database: Any, tmp_path: Path
) -> None:
    second = SLOW + "\n-- depends_on: {{ ref('first') }}"
    third = "select id from {{ ref('second') }}"
    env = make_project(tmp_path, {"first.sql": FIRST, "second.sql": second, "third.sql": third})
    told, err = ended_by_signal(
        command, elt_database, env, number, f"select 1 {SESSIONS} and query like '%pg_sleep(60)%'"
    )
    assert err.strip() == f"extract: stopped by signal {int(number)}"
    assert (told["event"], told["exit_code"]) == ("build_stopped", code)
    with elt_database.connect("admin") as admin:
        nodes = admin.execute("select split_part(node_id, '.', 3), status from ops.dbt_results").fetchall()
        assert dict(nodes) == {"first": "success", "second": "stopped"}
        builds = admin.execute("select exit_code, error, ended_at is not null from ops.builds").fetchall()
        assert builds == [(code, f"stopped by signal {int(number)}", True)]
        assert admin.execute("select count(*) from ops.build_leases").fetchone() == (0,)
        assert admin.execute("select to_regclass('intermediate.second')").fetchone() == (None,)


def test_a_signal_waits_for_a_hook_that_waits_for_the_database(
    command: Command, elt_database: Any, tmp_path: Path
) -> None:
    """The main thread is in the database's library there, and runs no handler."""
    env = make_project(tmp_path, {"first.sql": FIRST})
    with elt_database.connect("admin") as admin:
        admin.execute("lock table ops.model_takes in access exclusive mode")
        told, _ = ended_by_signal(
            command, elt_database, env, signal.SIGTERM, f"select 1 {SESSIONS} and wait_event_type = 'Lock'"
        )
    assert told["event"] == "build_stopped"


def ended_by_signal(
    command: Command, database: Any, env: dict[str, str], number: int, moment: str
) -> tuple[dict[str, Any], str]:
    """Sends a signal to `extract build` once `moment` finds a row. Its last event, and its errors."""
    with (
        database.connect("admin", autocommit=True) as admin,
        command.started("build", "all", role="transformer", **env) as process,
    ):
        wait_for(admin, moment, process, seconds=60)
        process.send_signal(number)
        wait_for(admin, f"select 1 where not exists (select {SESSIONS})", seconds=5)
        out, err = process.communicate(timeout=10)
        assert process.returncode == 128 + number, out + err
        return json.loads(out.splitlines()[-1]), err

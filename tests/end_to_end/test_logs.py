"""The log of everything a pipeline does: JSON, a run's id on each line, and nobody's secrets in it."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from sandbox.smartpizza import Config, Rates
from tests.end_to_end.company import Company
from tests.end_to_end.loads import loads_of
from tests.end_to_end.warehouse import Done, run

pytestmark = pytest.mark.timeout(900)
CONFIG = Config(branches=2, days=2, orders_per_day=15, seed=6, rates=Rates(customer_erased_per_day=0.5))
JSON = {"EXTRACT_LOG_FORMAT": "json"}


def test_a_log_line_tells_a_secret_or_a_person_or_belongs_to_no_run(
    company_of: Callable[[Config], Company],
) -> None:
    """A run, a build, dead letters and their replay, runs and builds that fail, an erasure, an audit."""
    company = company_of(CONFIG)
    customers = company.api.records("/v1/customers")
    told = [
        extract(company, "run", "smartpizza"),
        extract(company, "build", "smartpizza", role="transformer"),
    ]
    company.api.advance(days=4)
    with loads_of(company) as loads:
        loads.commit("customers", customers, broken=dict.fromkeys(range(len(customers)), "refused by a test"))
        loads.commit("orders", [refunded_too_much(company)])
    told += [
        extract(company, "dead-letters", "replay", "smartpizza"),
        extract(company, "run", "smartpizza"),
        extract(company, "build", "smartpizza", role="transformer", code=1),
        extract(company, "run", "smartpizza", code=2, SMARTPIZZA_TOKEN="wrong-" + company.api.token[::-1]),
        extract(company, "run", "smartpizza", code=2, PGPASSWORD="no-such-password"),
        extract(company, "erase", "smartpizza", role="maintainer"),
        extract(company, "audit", "smartpizza", role="maintainer", code=None),
        extract(company, "check", "smartpizza"),
    ]

    lines = [line for done in told for text in (done.stdout, done.stderr) for line in text.splitlines()]
    events = [json.loads(line) for line in lines]
    assert all(event["run_id"] and event["event"] and event["timestamp"].endswith("Z") for event in events)
    known = {row[0] for row in company.query("select run_id::text from ops.runs")}
    known |= {row[0] for row in company.query("select invocation_id from ops.builds")}
    by_name = {event["event"]: event for event in events}
    for name in ("run_started", "sweep_finished", "run_done", "build_done", "build_failed", "run_failed"):
        assert by_name[name]["run_id"] in known, name
    assert {"erased", "replayed", "audited", "checked", "error"} <= by_name.keys()

    text = "\n".join(lines)
    emails = {record["email"] for record in customers if record["email"]}
    assert len(emails) > 10
    secrets = {
        company.api.token,
        company.api.token[::-1],
        *company.database.passwords.values(),
        "no-such-password",
    }
    assert [each for each in sorted(emails | secrets) if each in text] == []
    people = {record["full_name"] for record in customers} | {record["phone"] for record in customers}
    assert [each for each in sorted(filter(None, people)) if each in text] == []


def extract(company: Company, *words: str, role: str = "extractor", code: int | None = 0, **env: str) -> Done:
    done = run(
        company.command(*words), company.extract_env(role) | dbt_folders(company) | JSON | env, check=False
    )
    assert code in (None, done.returncode), f"{words}: {done.stdout}\n{done.stderr}"
    return done


def dbt_folders(company: Company) -> dict[str, str]:
    return {name: value for name, value in company.dbt_environment().items() if name.startswith("DBT_")}


def refunded_too_much(company: Company) -> dict[str, Any]:
    """An order that a constraint refuses, in words that quote the whole row."""
    orders = company.api.records("/v1/orders")
    order = deepcopy(next(each for each in orders if each["payments"] and not each.get("deleted")))
    order["version"] += 1
    order["payments"][0]["refunds"] = [
        {"refund_id": "refund-1", "amount": "-5.00", "reason": "test", "refunded_at": order["updated_at"]}
    ]
    return order

"""What breaks a rule is kept aside with its reasons, and comes back by itself when the rule is fixed."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from sandbox.smartpizza import NO_DRIFT, Config
from tests.end_to_end.company import MARTS, Company
from tests.end_to_end.loads import loads_of

CONFIG = Config(branches=2, days=1, orders_per_day=15, seed=4, drift=NO_DRIFT)
Record = dict[str, Any]


def test_a_quarantined_record_stops_others_or_never_comes_back(
    company_of: Callable[[Config], Company],
) -> None:
    """A status that nobody knew, among records that stay broken; the marts are never told to start over."""
    company = company_of(CONFIG)
    company.load()
    company.build()
    served = [order for order in company.api.records("/v1/orders") if order["status"] == "collected"]
    unknown = renamed(served[0], "unknown-status", status="teleported")
    crafted = [
        unknown,
        renamed(served[1], "untyped-total", total="twelve"),
        {key: value for key, value in renamed(served[2], "").items() if key != "order_id"},
        renamed(served[3], "bad-list", items={"line_id": 1}),
        renamed(served[4], "good"),
        served[5] | {"version": served[5]["version"] + 1, "placed_at": "yesterday"},
    ]
    with loads_of(company) as loads:
        load_order = loads.commit("orders", crafted).load_order

    company.build()

    assert quarantined(company, load_order) == {
        0: ["status is unknown"],
        1: ["total_amount is no numeric"],
        2: ["order_id is missing"],
        3: ["items is no list"],
        5: ["placed_at is no timestamptz"],
    }
    assert marts_with(company, "good") == marts_with(company, served[4]["order_id"])
    assert marts_with(company, "unknown-status") == set()
    kept = company.query("select version from marts.fct_orders where order_id = %s", served[5]["order_id"])
    assert kept == [(served[5]["version"],)], "an order goes on with its newest valid version"

    accept_status(company, "teleported")
    company.dbt("run", "--quiet", "--full-refresh", "--select", "base_smartpizza__orders")
    company.build()

    assert sorted(quarantined(company, load_order)) == [1, 2, 3, 5]
    assert marts_with(company, "unknown-status") == marts_with(company, served[0]["order_id"])
    company.snapshot()
    company.build("--full-refresh", "--exclude", "path:models/staging/smartpizza/base")
    assert company.differences() == {}


def renamed(order: Record, order_id: str, **changes: Any) -> Record:
    """A copy of an order that has never been seen, with ids of its own."""
    copy = deepcopy(order) | {"order_id": order_id, "idempotency_key": f"key-{order_id}"} | changes
    for payment in copy["payments"]:
        payment["payment_id"] = f"payment-{order_id}"
    return copy


def quarantined(company: Company, load_order: int) -> dict[int, list[str]]:
    """Reasons by position in the load, as people read them."""
    return dict(
        company.query(
            """
            select load_position, violations from quarantine.quarantine_smartpizza__orders where load_order = %s
            """,
            load_order,
            role="reporter",
        )
    )


def marts_with(company: Company, order_id: str) -> set[str]:
    """The marts of single orders in which one is."""
    per_order = [mart for mart in MARTS if has_orders(company, mart)]
    return {
        mart
        for mart in per_order
        if company.scalar(f"select count(*) from marts.{mart} where order_id = %s", order_id) > 0
    }


def has_orders(company: Company, mart: str) -> bool:
    found = company.scalar(
        """
        select count(*) from information_schema.columns
        where table_schema = 'marts' and table_name = %s and column_name = 'order_id'
        """,
        mart,
    )
    return bool(found)


def accept_status(company: Company, status: str) -> None:
    """The fix, as a commit would bring it: the rule of the base model, and the mart's list of accepted values."""
    models = company.copy_of_project() / "dbt_project" / "models"
    changes = {
        models / "staging/smartpizza/base/base_smartpizza__orders.sql": (
            "'placed', 'confirmed',",
            f"'placed', '{status}', 'confirmed',",
        ),
        models / "marts/smartpizza/fct_orders.yml": ("[scheduled, placed,", f"[scheduled, {status}, placed,"),
    }
    for path, (old, new) in changes.items():
        text = path.read_text()
        assert text.count(old) == 1, path.name
        path.write_text(text.replace(old, new))

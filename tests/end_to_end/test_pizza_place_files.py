"""The Pizza Place Sales files through the API, the extractor and the models: the figures come out exactly."""

import csv
import os
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.smartpizza import Config
from tests.end_to_end.company import Company
from tests.end_to_end.warehouse import ROOT

FILES = Path(os.environ.get("PIZZA_PLACE_DIR") or ROOT.parent / "shared" / "data" / "pizza_place")
FIGURES = """
    select
        (select count(*) from marts.fct_orders),
        (select count(*) from marts.fct_order_items),
        (select sum(quantity) from marts.fct_order_items where kind = 'pizza'),
        (select sum(total_amount) from marts.fct_orders),
        (select sum(line_amount) from marts.fct_order_items),
        (select sum(net_sales_amount) from marts.fct_branch_daily_sales),
        (select sum(amount) from marts.fct_payments),
        (select count(*) from marts.fct_branch_daily_sales)
"""


def figures(company: Company) -> tuple[Any, ...]:
    company.load()
    company.build()
    return company.query(FIGURES)[0]


@pytest.mark.skipif(not (FILES / "orders.csv").exists(), reason=f"the Pizza Place files are not at {FILES}")
def test_real_orders_are_lost_doubled_or_rounded(company_of: Callable[[Config], Company]) -> None:
    revenue = Decimal("817860.05")
    assert figures(company_of(Config(pizza_place=FILES))) == (
        *(21_350, 48_620, 49_574),
        *(revenue, revenue, revenue, revenue),
        358,
    )


def test_generated_orders_of_the_same_shape_are_lost_doubled_or_rounded(
    company_of: Callable[[Config], Company], tmp_path: Path
) -> None:
    expected = write_files(tmp_path / "files", orders=300, seed=11)
    assert figures(company_of(Config(pizza_place=tmp_path / "files"))) == expected


def write_files(folder: Path, orders: int, seed: int) -> tuple[Any, ...]:
    """Four files of the shape of the real ones; gives the figures that they hold."""
    chance = random.Random(seed)
    folder.mkdir()
    types = [
        (f"type_{n}", f"The Pizza {n}", "Classic", "Tomatoes, Mozzarella Cheese, Garlic") for n in range(5)
    ]
    prices = {(t[0], size): Decimal(chance.randrange(900, 3600)) / 100 for t in types for size in "SML"}
    pizzas = [(f"{t}_{size.lower()}", t, size, str(price)) for (t, size), price in prices.items()]
    moment, order_rows, lines = datetime(2015, 1, 1, 11, 30), [], []  # noqa: DTZ001 - local, as in the files
    revenue, quantity = Decimal(0), 0
    for order_id in range(1, orders + 1):
        moment += timedelta(minutes=chance.randrange(1, 40))
        order_rows.append((order_id, moment.date().isoformat(), moment.time().isoformat()))
        for pizza_id, _, _, price in chance.sample(pizzas, chance.randrange(1, 5)):
            count = chance.choice([1, 1, 1, 2, 3])
            lines.append((len(lines) + 1, order_id, pizza_id, count))
            revenue += count * Decimal(price)
            quantity += count
    write_csv(folder / "orders.csv", ("order_id", "date", "time"), order_rows)
    write_csv(folder / "order_details.csv", ("order_details_id", "order_id", "pizza_id", "quantity"), lines)
    write_csv(folder / "pizzas.csv", ("pizza_id", "pizza_type_id", "size", "price"), pizzas)
    write_csv(folder / "pizza_types.csv", ("pizza_type_id", "name", "category", "ingredients"), types)
    days = len({date for _, date, _ in order_rows})
    return (orders, len(lines), quantity, revenue, revenue, revenue, revenue, days)


def write_csv(path: Path, header: tuple[str, ...], rows: list[Any]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])

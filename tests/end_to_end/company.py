"""A whole SmartPizza for a test: the API over HTTP, a database, the two commands that users run."""

import sys
from pathlib import Path
from typing import Any

from sandbox.smartpizza import RunningApi
from tests.end_to_end.warehouse import ROOT, Done, Warehouse, run

__all__ = ["MARTS", "ROOT", "Company", "Done", "run"]

MARTS = (
    "dim_branches",
    "dim_customers",
    "dim_ingredients",
    "dim_recipes",
    "fct_branch_daily_sales",
    "fct_deliveries",
    "fct_inventory_daily",
    "fct_order_items",
    "fct_orders",
    "fct_payments",
)


class Company(Warehouse):
    """`database` is the fixture elt_database, `folder` a temporary folder of the test."""

    pipeline = "smartpizza"
    marts = MARTS

    def __init__(self, api: RunningApi, database: Any, folder: Path) -> None:
        super().__init__(database, folder)
        self.api = api

    def extract(self, *arguments: str, role: str = "extractor", check: bool = True) -> Done:
        """`extract ...` in a process of its own."""
        config = self.folder / "extract.toml"
        config.write_text(
            f'[sources.smartpizza]\nbase_url = "{self.api.url}"\n[load]\nmax_rows = 700\n'
            "[http]\nbackoff_seconds = 0.01\nattempts = 10\n"
        )
        env = self.environment(role) | {"EXTRACT_CONFIG": str(config), "SMARTPIZZA_TOKEN": self.api.token}
        return run([sys.executable, "-m", "extract", *arguments], env, check)

    def load(self) -> None:
        """`extract run smartpizza`, all streams."""
        self.extract("run", "smartpizza")

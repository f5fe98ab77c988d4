"""A whole SmartPizza for a test."""

from sandbox.smartpizza import RunningApi
from tests.end_to_end.pipeline import Pipeline

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


class Company(Pipeline):
    """The API is a RunningApi."""

    api: RunningApi
    pipeline = "smartpizza"
    marts = MARTS

    def config(self) -> str:
        return (
            f'[sources.smartpizza]\nbase_url = "{self.api.url}"\n[load]\nmax_rows = 700\n'
            "[http]\nbackoff_seconds = 0.01\nattempts = 10\n"
        )

    def secrets(self) -> dict[str, str]:
        return {"SMARTPIZZA_TOKEN": self.api.token}

"""SmartPizza: orders, recipes, customers, branches and stock of a pizza company.

Every list answers with {"data": [...], "next_page_token": str | null, "has_more": bool, "as_of": time,
"schema_version": "2026-03"}, ordered by (updated_at, id); `updated_since` is inclusive.
"""

from extract.source import Cursor, Erasures, Source, SourceSettings, Stream


class SmartPizzaSettings(SourceSettings):
    """Section [sources.smartpizza]."""

    base_url: str = "http://127.0.0.1:8000"


UPDATED = Cursor(param="updated_since", field="updated_at")

SOURCE = Source(
    name="smartpizza",
    settings=SmartPizzaSettings,
    streams=(
        Stream("branches", "/v1/branches", primary_key=("branch_id",), full_list=True),
        Stream("recipes", "/v1/recipes", primary_key=("recipe_id", "version"), cursor=UPDATED),
        Stream(
            "customers",
            "/v1/customers",
            primary_key=("customer_id",),
            cursor=UPDATED,
            subject="customer_id",
            personal=("full_name", "email", "phone", "birth_date", "address"),
        ),
        Stream(
            "customer_erasures",
            "/v1/customers/erasures",
            primary_key=("erasure_id",),
            cursor=Cursor(param="since", field="erased_at"),
        ),
        # Before the orders, so that their sweep sees all that the server has counted. The last 14 days each time: a
        # deleted order lowers a count without changing max_updated_at, so that no cursor would find it.
        Stream(
            "order_summaries",
            "/v1/orders/summary",
            primary_key=("branch_id", "business_date"),
            full_list=True,
        ),
        Stream(
            "orders",
            "/v1/orders",
            primary_key=("order_id",),
            cursor=UPDATED,
            params={"include_deleted": "true"},
            subject="customer_id",
            personal=("delivery_address",),
        ),
        Stream(
            "inventory_levels",
            "/v1/inventory/levels",
            primary_key=("branch_id", "ingredient_id", "business_date"),
            cursor=UPDATED,
        ),
    ),
    erasures=Erasures(stream="customer_erasures", subject="customer_id", at="erased_at"),
)

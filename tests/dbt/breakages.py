"""One way to break the logic that each of dbt's unit tests is about: (file, what it says, what it says then)."""

Breakage = tuple[str, str, str]

BASE = "dbt_project/models/staging/smartpizza/base/base_smartpizza__"
STAGING = "dbt_project/models/staging/smartpizza/stg_smartpizza__"
INTERMEDIATE = "dbt_project/models/intermediate/smartpizza/int_"
MARTS = "dbt_project/models/marts/smartpizza/"
BINANCE_BASE = "dbt_project/models/staging/binance/base/base_binance__"
BINANCE_STAGING = "dbt_project/models/staging/binance/stg_binance__"
BINANCE_INTERMEDIATE = "dbt_project/models/intermediate/binance/int_"
BINANCE_MARTS = "dbt_project/models/marts/binance/"

BREAKAGES: tuple[Breakage, ...] = (
    # The newest valid version.
    ("macros/versions/is_newest_valid.sql", "where newer.violations = '{}'", "where true"),
    ("macros/versions/is_newest_valid.sql", "-newer.load_order, -newer.load_position", "newer.load_order, 0"),
    (f"{STAGING}recipes.sql", "version='updated_at'", "version='valid_from'"),
    (f"{STAGING}order_summaries.sql", "version='load_order'", "version='order_count'"),
    (f"{STAGING}orders.sql", "not versions.is_deleted", "true"),
    (f"{STAGING}customers.sql", "erasures.customer_id = versions.customer_id", "false"),
    # Full lists.
    (f"{STAGING}branches.sql", "max(sweeps.sweep_id)", "min(sweeps.sweep_id)"),
    (f"{STAGING}branches.sql", "versions.load_position desc", "versions.load_position asc"),
    (f"{STAGING}branch_sweeps.sql", "and source.finishes_sweep", ""),
    ("macros/incremental/new_records.sql", "coalesce(mended.sweep_id, loads.sweep_id)", "loads.sweep_id"),
    (f"{MARTS}dim_branches.sql", "versions.sweep_id desc, versions.load_order", "versions.load_order"),
    (f"{INTERMEDIATE}branch_versions_finished.sql", "branches.violations = '{}'", "true"),
    # Spelling and typing.
    (
        f"{BASE}orders.sql",
        "coalesce(record ->> 'store_id', record ->> 'branch_id')",
        "record ->> 'branch_id'",
    ),
    (f"{BASE}orders.sql", "status in ('scheduled', ", "status in ("),
    ("macros/incremental/new_records.sql", "and loads.stream = '{{ stream_name }}'", ""),
    (f"{BASE}orders.sql", """"coalesce(record ->> 'deleted', 'false') <> 'true'" -%}""", '"true" -%}'),
    (f"{BASE}orders.sql", "'version > 0'", "'true'"),
    ("macros/typing/no_repeats.sql", "count(distinct listed.id)", "count(listed.id)"),
    (f"{BASE}recipes.sql", "\"sizes <> '[]'\"", "'true'"),
    (f"{BASE}customers.sql", "'merged_into_customer_id <> customer_id'", "'true'"),
    (
        f"{BASE}customer_erasures.sql",
        "'customer_id', 'type': 'text', 'required': true",
        "'customer_id', 'type': 'text'",
    ),
    (f"{BASE}branches.sql", "timezone ~ '^(UTC|", "timezone ~ '^(.*|"),
    (f"{BASE}order_summaries.sql", "'order_count > 0'", "'true'"),
    (f"{BASE}inventory_levels.sql", "'least(received_quantity, wasted_quantity) >= 0'", "'true'"),
    # Orders and what hangs on them.
    (f"{INTERMEDIATE}orders_localized.sql", "at time zone branches.timezone", "at time zone '+01'"),
    (
        f"{INTERMEDIATE}orders_deduplicated.sql",
        "order by first_sent.created_at",
        "order by first_sent.load_order",
    ),
    (
        f"{INTERMEDIATE}orders_deduplicated.sql",
        "first_sent.idempotency_key = orders.idempotency_key",
        "first_sent.idempotency_key is not distinct from orders.idempotency_key",
    ),
    (f"{INTERMEDIATE}order_statuses_exploded.sql", "history.step_number::integer", "1"),
    (f"{INTERMEDIATE}order_items_exploded.sql", "'halves') }} as halves", "'half') }} as halves"),
    (f"{INTERMEDIATE}payments_exploded.sql", "        -(", "        ("),
    (f"{INTERMEDIATE}orders_summarized.sql", "'$[*].refunds[*]'", "'$[0].refunds[0]'"),
    (f"{INTERMEDIATE}orders_summarized.sql", "min(steps.reached_at)", "max(steps.reached_at)"),
    # Recipes, consumption and stock.
    (
        f"{INTERMEDIATE}recipe_ingredients_exploded.sql",
        "exploded.quantity * components.quantity",
        "components.quantity",
    ),
    (f"{INTERMEDIATE}recipe_ingredients_exploded.sql", "where type = 'ingredient'", "where true"),
    (
        f"{INTERMEDIATE}ingredients_consumed.sql",
        "portions.placed_at < recipe_ingredients.valid_to",
        "portions.placed_at <= recipe_ingredients.valid_to",
    ),
    (
        f"{INTERMEDIATE}ingredients_consumed.sql",
        "1::numeric / jsonb_array_length(items.halves)",
        "1::numeric",
    ),
    (f"{INTERMEDIATE}ingredients_consumed.sql", "'remove' then -1", "'remove' then 1"),
    (f"{INTERMEDIATE}ingredients_consumed.sql", "'cancelled', 'scheduled'", "'cancelled'"),
    (f"{INTERMEDIATE}inventory_levels_moved.sql", "max(valid.business_date)", "min(valid.business_date)"),
    (f"{MARTS}fct_inventory_daily.sql", "full outer join", "left join"),
    # Marts.
    (f"{MARTS}fct_orders.sql", "original_order_id <> order_id", "original_order_id = order_id"),
    (f"{MARTS}fct_order_items.sql", "quantity * unit_price_amount", "unit_price_amount"),
    (f"{MARTS}fct_deliveries.sql", "where fulfilment = 'delivery'", "where true"),
    (f"{MARTS}fct_branch_daily_sales.sql", "and not is_double_submission", ""),
    (f"{MARTS}fct_branch_daily_sales.sql", "max(updated_at)", "min(updated_at)"),
    (f"{MARTS}dim_customers.sql", "cardinality(passed_ids) desc", "cardinality(passed_ids) asc"),
    (f"{MARTS}dim_customers.sql", "min(erased_at)", "max(erased_at)"),
    (f"{MARTS}dim_branches.sql", "versions.load_order desc", "versions.load_order asc"),
    (f"{MARTS}dim_ingredients.sql", "order by updated_at desc", "order by updated_at asc"),
    # Candles: versions by the server's time.
    ("macros/versions/is_newest_change.sql", "newer.violations = '{}'", "true"),
    ("macros/versions/is_newest_change.sql", ".served_at, ", ".extracted_at, "),
    ("macros/versions/is_newest_change.sql", "is not distinct from", "is distinct from"),
    ("macros/candles/candle_values.sql", "'taker_quote_volume', 'is_closed',", "'taker_quote_volume',"),
    (f"{BINANCE_BASE}klines.sql", "'high_price >= low_price'", "'true'"),
    (f"{BINANCE_BASE}klines.sql", "served_at > close_at +", "served_at > open_at +"),
    ("macros/typing/epoch_time.sql", "between 1000000000000000 and", "between 9000000000000000 and"),
    # Candles: grid, gaps, restatements.
    (f"{BINANCE_MARTS}fct_ohlcv.sql", "where candles.is_closed", "where true"),
    ("macros/candles/slot_at.sql", "1970-01-05", "1970-01-06"),
    ("macros/candles/next_slot_at.sql", "interval '1 month'", "interval '30 days'"),
    (f"{BINANCE_INTERMEDIATE}klines_gaps.sql", "where from_at < until_at", "where from_at <= until_at"),
    (f"{BINANCE_INTERMEDIATE}klines_restatements.sql", "and earlier.is_closed", ""),
    (f"{BINANCE_INTERMEDIATE}klines_restatements.sql", "< (versions.served_at", "> (versions.served_at"),
    (f"{BINANCE_MARTS}fct_candle_gaps.sql", "outages.ended_at > gaps.from_at", "true"),
    # Candles: rollups and days.
    ("macros/candles/roll_up.sql", "close_price order by open_at desc", "close_price order by open_at asc"),
    ("macros/candles/roll_up.sql", "sum(candles_present)", "max(candles_present)"),
    (
        f"{BINANCE_MARTS}fct_market_daily.sql",
        "earlier.open_date = daily.market_date - 1",
        "earlier.open_date = daily.market_date",
    ),
    (
        f"{BINANCE_MARTS}fct_market_daily.sql",
        "order by open_at), open_price",
        "order by open_at), close_price",
    ),
    (
        f"{BINANCE_MARTS}fct_market_daily.sql",
        "nullif(daily.volume, 0)",
        "coalesce(nullif(daily.volume, 0), 1)",
    ),
    # Symbols, tickers and trades.
    (f"{BINANCE_BASE}symbols.sql", "['NOTIONAL', 'MIN_NOTIONAL']", "['MIN_NOTIONAL']"),
    (f"{BINANCE_BASE}tickers.sql", "'close_at >= open_at'", "'true'"),
    (f"{BINANCE_BASE}agg_trades.sql", "'price > 0'", "'true'"),
    (f"{BINANCE_STAGING}symbol_sweeps.sql", "and source.finishes_sweep", ""),
    (f"{BINANCE_STAGING}symbols.sql", "max(sweeps.sweep_id)", "min(sweeps.sweep_id)"),
    (f"{BINANCE_STAGING}tickers.sql", "'symbol', 'close_at'", "'symbol', 'close_at', 'load_order'"),
    (
        f"{BINANCE_STAGING}agg_trades.sql",
        "'symbol', 'agg_trade_id'",
        "'symbol', 'agg_trade_id', 'load_order'",
    ),
    (f"{BINANCE_INTERMEDIATE}symbols_changed.sql", "now.symbol is null", "false"),
    (f"{BINANCE_INTERMEDIATE}symbols_changed.sql", "now.violations = '{}'", "now.symbol is not null"),
    (f"{BINANCE_MARTS}dim_symbols.sql", "is_listed and status = 'TRADING'", "status = 'TRADING'"),
    (f"{BINANCE_MARTS}dim_symbols.sql", "where says is distinct from said", "where true"),
)

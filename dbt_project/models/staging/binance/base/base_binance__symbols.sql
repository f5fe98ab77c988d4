{%- set fields = [
    {'name': 'symbol', 'type': 'text', 'required': true},
    {'name': 'status', 'type': 'text', 'required': true},
    {'name': 'base_asset', 'type': 'text', 'from': "record ->> 'baseAsset'", 'required': true},
    {'name': 'quote_asset', 'type': 'text', 'from': "record ->> 'quoteAsset'", 'required': true},
    {'name': 'base_precision', 'type': 'integer', 'from': "record ->> 'baseAssetPrecision'"},
    {'name': 'quote_precision', 'type': 'integer', 'from': "record ->> 'quoteAssetPrecision'"},
    {'name': 'is_spot_trading_allowed', 'type': 'boolean', 'from': "record ->> 'isSpotTradingAllowed'"},
    {'name': 'is_margin_trading_allowed', 'type': 'boolean', 'from': "record ->> 'isMarginTradingAllowed'"},
    {'name': 'tick_size', 'type': 'numeric', 'from': filter_value(['PRICE_FILTER'], 'tickSize')},
    {'name': 'step_size', 'type': 'numeric', 'from': filter_value(['LOT_SIZE'], 'stepSize')},
    {'name': 'min_notional', 'type': 'numeric', 'from': filter_value(['NOTIONAL', 'MIN_NOTIONAL'], 'minNotional')},
] -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[
        {'columns': ['load_order', 'load_position'], 'unique': true},
        {'columns': ['symbol', 'sweep_id']},
        {'columns': ['sweep_id']},
    ],
) }}

with source as materialized (
    {{ new_records('binance', 'symbols') }}
),

typed as (
    select
        load_order,
        sweep_id,
        load_position,
        coalesce(served_at, extracted_at) as listed_at,
        extracted_at,
        {{ typed_columns(fields) }},
        {{ untyped_fields(fields) }} as untyped
    from source
),

checked as (
    select
        *,
        untyped || {{ broken_rules({
            'a precision is negative': 'least(base_precision, quote_precision) >= 0',
            'a size is negative': 'least(tick_size, step_size, min_notional) >= 0',
        }) }} as violations
    from typed
)

select
    load_order,
    sweep_id,
    load_position,
    listed_at,
    extracted_at,
    symbol,
    status,
    base_asset,
    quote_asset,
    base_precision,
    quote_precision,
    is_spot_trading_allowed,
    is_margin_trading_allowed,
    tick_size,
    step_size,
    min_notional,
    violations
from checked

{%- set fields = [
    {'name': 'symbol', 'type': 'text', 'from': "context ->> 'symbol'", 'required': true},
    {'name': 'agg_trade_id', 'type': 'bigint', 'from': "record ->> 'a'", 'required': true},
    {'name': 'price', 'type': 'numeric', 'from': "record ->> 'p'", 'required': true},
    {'name': 'quantity', 'type': 'numeric', 'from': "record ->> 'q'", 'required': true},
    {'name': 'first_trade_id', 'type': 'bigint', 'from': "record ->> 'f'", 'required': true},
    {'name': 'last_trade_id', 'type': 'bigint', 'from': "record ->> 'l'", 'required': true},
    {'name': 'trade_time', 'type': 'bigint', 'from': "record ->> 'T'", 'required': true},
    {'name': 'is_buyer_maker', 'type': 'boolean', 'from': "record ->> 'm'", 'required': true},
] -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[
        {'columns': ['load_order', 'load_position'], 'unique': true},
        {'columns': ['symbol', 'agg_trade_id', 'load_order', 'load_position']},
    ],
) }}

with source as materialized (
    {{ new_records('binance', 'agg_trades') }}
),

-- Typed once: whatever looks at a column after this finds it done.
typed as materialized (
    select
        load_order,
        sweep_id,
        load_position,
        extracted_at,
        record,
        context,
        {{ typed_columns(fields) }}
    from source
),

timed as (
    select
        *,
        {{ untyped_fields(fields, typed=true) }} as untyped,
        {{ epoch_time('trade_time') }} as traded_at
    from typed
),

checked as (
    select
        *,
        untyped || {{ broken_rules({
            'trade_time is out of range': 'trade_time is null or traded_at is not null',
            'price is not positive': 'price > 0',
            'quantity is not positive': 'quantity > 0',
            'last_trade_id is before first_trade_id': 'last_trade_id >= first_trade_id',
        }) }} as violations
    from timed
)

select
    load_order,
    sweep_id,
    load_position,
    extracted_at,
    symbol,
    agg_trade_id,
    price,
    quantity,
    first_trade_id,
    last_trade_id,
    traded_at,
    is_buyer_maker,
    violations
from checked

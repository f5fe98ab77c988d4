{%- set is_list = "jsonb_typeof(record) = 'array'" -%}
{%- set fields = [
    {'name': 'symbol', 'type': 'text', 'from': "context ->> 'symbol'", 'required': true},
    {'name': 'interval', 'type': 'text', 'from': "context ->> 'interval'", 'required': true},
    {'name': 'open_time', 'type': 'bigint', 'from': 'record ->> 0', 'required': is_list},
    {'name': 'open_price', 'type': 'numeric', 'from': 'record ->> 1', 'required': is_list},
    {'name': 'high_price', 'type': 'numeric', 'from': 'record ->> 2', 'required': is_list},
    {'name': 'low_price', 'type': 'numeric', 'from': 'record ->> 3', 'required': is_list},
    {'name': 'close_price', 'type': 'numeric', 'from': 'record ->> 4', 'required': is_list},
    {'name': 'volume', 'type': 'numeric', 'from': 'record ->> 5', 'required': is_list},
    {'name': 'close_time', 'type': 'bigint', 'from': 'record ->> 6', 'required': is_list},
    {'name': 'quote_volume', 'type': 'numeric', 'from': 'record ->> 7', 'required': is_list},
    {'name': 'trade_count', 'type': 'bigint', 'from': 'record ->> 8', 'required': is_list},
    {'name': 'taker_volume', 'type': 'numeric', 'from': 'record ->> 9', 'required': is_list},
    {'name': 'taker_quote_volume', 'type': 'numeric', 'from': 'record ->> 10', 'required': is_list},
    {'name': 'unused', 'type': 'text', 'from': 'record ->> 11'},
] -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[
        {'columns': ['load_order', 'load_position'], 'unique': true},
        {'columns': ['symbol', 'interval', 'open_at', 'served_at', 'load_order', 'load_position']},
    ],
) }}

with source as materialized (
    {{ new_records('binance', 'klines') }}
),

-- Typed once: whatever looks at a column after this finds it done.
typed as materialized (
    select
        load_order,
        sweep_id,
        load_position,
        served_at,
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
        case when {{ is_list }} then jsonb_array_length(record) end as field_count,
        {{ epoch_time('open_time') }} as open_at,
        {{ epoch_time('close_time') }} as close_at
    from typed
),

checked as (
    select
        *,
        untyped || {{ broken_rules({
            'record is no array of 12': 'field_count is not distinct from 12',
            'interval is unknown': "interval = '1M' or " ~ interval_length('interval') ~ " is not null",
            'served_at is missing': 'served_at is not null',
            'open_time is out of range': 'open_time is null or open_at is not null',
            'close_time is out of range': 'close_time is null or close_at is not null',
            'close_time is not after open_time': 'close_at > open_at',
            'a price is not positive': 'least(open_price, high_price, low_price, close_price) > 0',
            'high_price is below low_price': 'high_price >= low_price',
            'open_price is outside low and high': 'open_price between low_price and high_price',
            'close_price is outside low and high': 'close_price between low_price and high_price',
            'a volume is negative': 'least(volume, quote_volume, taker_volume, taker_quote_volume) >= 0',
            'taker_volume exceeds volume': 'taker_volume <= volume',
            'taker_quote_volume exceeds quote_volume': 'taker_quote_volume <= quote_volume',
            'trade_count is negative': 'trade_count >= 0',
            'trade_count is 0 and volume is not': 'trade_count > 0 or volume = 0',
        }) }} as violations
    from timed
)

select
    load_order,
    sweep_id,
    load_position,
    served_at,
    extracted_at,
    symbol,
    interval,
    open_at,
    close_at,
    open_price,
    high_price,
    low_price,
    close_price,
    volume,
    quote_volume,
    trade_count,
    taker_volume,
    taker_quote_volume,
    unused,
    -- By the server's own clock, which its answer tells in whole seconds, rounded down.
    served_at > close_at + interval '{{ var("binance_grace_seconds") }} seconds' as is_closed,
    violations
from checked

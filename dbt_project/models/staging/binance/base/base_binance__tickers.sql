{%- set fields = [
    {'name': 'symbol', 'type': 'text', 'required': true},
    {'name': 'price_change', 'type': 'numeric', 'from': "record ->> 'priceChange'", 'required': true},
    {'name': 'price_change_percent', 'type': 'numeric', 'from': "record ->> 'priceChangePercent'", 'required': true},
    {'name': 'vwap_price', 'type': 'numeric', 'from': "record ->> 'weightedAvgPrice'", 'required': true},
    {'name': 'previous_close_price', 'type': 'numeric', 'from': "record ->> 'prevClosePrice'"},
    {'name': 'last_price', 'type': 'numeric', 'from': "record ->> 'lastPrice'", 'required': true},
    {'name': 'last_quantity', 'type': 'numeric', 'from': "record ->> 'lastQty'"},
    {'name': 'bid_price', 'type': 'numeric', 'from': "record ->> 'bidPrice'"},
    {'name': 'bid_quantity', 'type': 'numeric', 'from': "record ->> 'bidQty'"},
    {'name': 'ask_price', 'type': 'numeric', 'from': "record ->> 'askPrice'"},
    {'name': 'ask_quantity', 'type': 'numeric', 'from': "record ->> 'askQty'"},
    {'name': 'open_price', 'type': 'numeric', 'from': "record ->> 'openPrice'", 'required': true},
    {'name': 'high_price', 'type': 'numeric', 'from': "record ->> 'highPrice'", 'required': true},
    {'name': 'low_price', 'type': 'numeric', 'from': "record ->> 'lowPrice'", 'required': true},
    {'name': 'volume', 'type': 'numeric', 'required': true},
    {'name': 'quote_volume', 'type': 'numeric', 'from': "record ->> 'quoteVolume'", 'required': true},
    {'name': 'open_time', 'type': 'bigint', 'from': "record ->> 'openTime'", 'required': true},
    {'name': 'close_time', 'type': 'bigint', 'from': "record ->> 'closeTime'", 'required': true},
    {'name': 'first_trade_id', 'type': 'bigint', 'from': "record ->> 'firstId'"},
    {'name': 'last_trade_id', 'type': 'bigint', 'from': "record ->> 'lastId'"},
    {'name': 'trade_count', 'type': 'bigint', 'from': "record ->> 'count'", 'required': true},
] -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[
        {'columns': ['load_order', 'load_position'], 'unique': true},
        {'columns': ['symbol', 'close_at', 'trade_count']},
    ],
) }}

with source as materialized (
    {{ new_records('binance', 'tickers') }}
),

typed as (
    select
        load_order,
        sweep_id,
        load_position,
        served_at,
        extracted_at,
        {{ typed_columns(fields) }},
        {{ untyped_fields(fields) }} as untyped
    from source
),

timed as (
    select
        *,
        {{ epoch_time('open_time') }} as open_at,
        {{ epoch_time('close_time') }} as close_at
    from typed
),

checked as (
    select
        *,
        untyped || {{ broken_rules({
            'open_time is out of range': 'open_time is null or open_at is not null',
            'close_time is out of range': 'close_time is null or close_at is not null',
            'close_time is before open_time': 'close_at >= open_at',
            'a price is negative': 'least(last_price, open_price, high_price, low_price, vwap_price) >= 0',
            'high_price is below low_price': 'high_price >= low_price',
            'a volume is negative': 'least(volume, quote_volume) >= 0',
            'trade_count is negative': 'trade_count >= 0',
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
    open_at,
    close_at,
    price_change,
    price_change_percent,
    vwap_price,
    previous_close_price,
    last_price,
    last_quantity,
    bid_price,
    bid_quantity,
    ask_price,
    ask_quantity,
    open_price,
    high_price,
    low_price,
    volume,
    quote_volume,
    first_trade_id,
    last_trade_id,
    trade_count,
    violations
from checked

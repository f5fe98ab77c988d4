{{ config(
    materialized='incremental',
    incremental_strategy='recompute',
    unique_key=['symbol', 'interval', 'open_at'],
    recompute_by=['symbol', 'open_date'],
    touched_by='touched_candle_days',
    indexes=[{'columns': ['symbol', 'open_date']}, {'columns': ['load_order']}],
) }}

with candles as (
    select * from {{ ref('fct_ohlcv') }}
    {{ where_touched(touched_candle_days()) }}
),

base_candles as (
    select
        candles.*,
        1 as candles_present
    from candles
    where candles.interval = '{{ base_interval() }}'
),

hours as materialized (
    {{ roll_up('base_candles', '1h') }}
),

four_hours as materialized (
    {{ roll_up('hours', '4h') }}
),

days as (
    {{ roll_up('four_hours', '1d') }}
),

rolled_up as (
    select * from hours
    union all
    select * from four_hours
    union all
    select * from days
),

final as (
    select
        symbol,
        interval,
        slot_at as open_at,
        {{ next_slot_at('interval', 'slot_at') }} - interval '1 millisecond' as close_at,
        open_date,
        open_price,
        high_price,
        low_price,
        close_price,
        volume,
        quote_volume,
        trade_count,
        taker_volume,
        taker_quote_volume,
        '{{ base_interval() }}' as base_interval,
        candles_present,
        candles_expected,
        load_order
    from rolled_up
)

select * from final

{{ config(
    materialized='incremental',
    incremental_strategy='recompute',
    unique_key=['symbol', 'interval', 'open_at'],
    recompute_by=['symbol', 'interval', 'open_at'],
    touched_by='touched_candles',
    indexes=[{'columns': ['symbol', 'interval', 'open_date']}, {'columns': ['load_order']}],
) }}

with candles as (
    select * from {{ ref('stg_binance__klines') }}
    {{ where_touched(touched_candles()) }}
),

-- An open candle is no fact yet.
closed as (
    select
        candles.*,
        {{ slot_at('candles.interval', 'candles.open_at') }} as slot_at
    from candles
    where candles.is_closed
),

final as (
    select
        symbol,
        interval,
        open_at,
        close_at,
        slot_at,
        {{ utc_date('slot_at') }} as open_date,
        open_price,
        high_price,
        low_price,
        close_price,
        volume,
        quote_volume,
        trade_count,
        taker_volume,
        taker_quote_volume,
        served_at,
        load_order
    from closed
)

select * from final

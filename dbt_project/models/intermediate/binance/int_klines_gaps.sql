{{ config(
    materialized='incremental',
    incremental_strategy='recompute',
    unique_key=['symbol', 'interval', 'until_at'],
    recompute_by=['symbol', 'interval', 'until_date'],
    touched_by='touched_gap_days',
    indexes=[{'columns': ['symbol', 'interval', 'until_at'], 'unique': true}],
) }}

with candles as (
    select *
    from (
        select
            symbol,
            interval,
            slot_at as until_at,
            open_date as until_date,
            load_order
        from {{ ref('fct_ohlcv') }}
    ) as candles
    {{ where_touched(touched_gap_days()) }}
),

-- A gap lies between two candles that are there, so that the grid begins at a symbol's first and ends at its last one.
before_each as (
    select
        candles.*,
        {{ next_slot_at('candles.interval', 'before.slot_at') }} as from_at,
        greatest(candles.load_order, before.load_order) as newest_load_order
    from candles
    cross join lateral (
        select
            earlier.slot_at,
            earlier.load_order
        from {{ ref('fct_ohlcv') }} as earlier
        where
            earlier.symbol = candles.symbol
            and earlier.interval = candles.interval
            and earlier.open_at < candles.until_at
        order by earlier.open_at desc
        limit 1
    ) as before
),

-- Off the grid, two candles may end one gap.
final as (
    select
        symbol,
        interval,
        from_at,
        until_at,
        until_date,
        {{ slot_count('interval', 'from_at', 'until_at') }} as missing_candles,
        max(newest_load_order) as load_order
    from before_each
    where from_at < until_at
    group by symbol, interval, from_at, until_at, until_date
)

select * from final

{{ config(
    materialized='incremental',
    incremental_strategy='recompute',
    unique_key=['measured_on', 'monitor', 'column_name', 'slice'],
    recompute_by=['slice', 'measured_on'],
    touched_by='touched_symbol_days',
    tags=['binance'],
    indexes=[
        {'columns': ['measured_on', 'monitor', 'column_name', 'slice'], 'unique': true},
        {'columns': ['load_order']},
    ],
) }}

-- Of the facts, not of base, which has each candle many times while it forms; one that is invalid is missing here.
with candles as (
    select *
    from (
        select
            candles.*,
            candles.symbol as slice,
            candles.open_date as measured_on
        from {{ ref('fct_ohlcv') }} as candles
        where candles.interval = '{{ base_interval() }}'
    ) as candles
    {{ where_touched(touched_symbol_days()) }}
),

days as (
    select
        slice,
        measured_on,
        count(*) as candles,
        24 - count(distinct date_trunc('hour', slot_at, 'UTC')) as missing_hours,
        count(*) filter (where trade_count = 0) as idle_candles,
        max(load_order) as load_order
    from candles
    group by slice, measured_on
),

-- A symbol's prices and volumes move as they like: how they moved is no matter of quality, that they are there is.
final as (
    select
        measure.monitor,
        '' as column_name,
        days.slice,
        days.measured_on,
        round(measure.value, 6) as value,
        days.candles as row_count,
        days.load_order
    from days
    cross join lateral (
        values
        ('volume', days.candles::numeric),
        ('missing_hours', days.missing_hours::numeric),
        ('idle_share', days.idle_candles::numeric / days.candles)
    ) as measure (monitor, value)
)

select * from final

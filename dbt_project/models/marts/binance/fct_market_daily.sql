{{ config(
    materialized='incremental',
    incremental_strategy='recompute',
    unique_key=['symbol', 'market_date'],
    recompute_by=['symbol', 'market_date'],
    touched_by='touched_market_days',
    indexes=[{'columns': ['load_order']}],
) }}

with candles as (
    select *
    from (
        select
            candles.*,
            candles.open_date as market_date
        from {{ ref('fct_ohlcv') }} as candles
    ) as candles
    {{ where_touched(touched_market_days()) }}
),

-- The return of each candle, the first one's since its own opening. Over a gap it is the move from the candle before.
returns as (
    select
        candles.*,
        ln(
            close_price
            / coalesce(lag(close_price) over (partition by symbol, market_date order by open_at), open_price)
        ) as candle_return
    from candles
    where interval = '{{ base_interval() }}'
),

daily as (
    select
        symbol,
        market_date,
        (array_agg(open_price order by open_at))[1] as open_price,
        max(high_price) as high_price,
        min(low_price) as low_price,
        (array_agg(close_price order by open_at desc))[1] as close_price,
        sqrt(sum(candle_return * candle_return)) as realised_volatility,
        sum(volume) as volume,
        sum(quote_volume) as quote_volume,
        sum(trade_count)::bigint as trade_count,
        sum(taker_volume) as taker_volume,
        count(*)::integer as candles_present,
        max(load_order) as load_order
    from returns
    group by symbol, market_date
),

final as (
    select
        daily.symbol,
        daily.market_date,
        daily.open_price,
        daily.high_price,
        daily.low_price,
        daily.close_price,
        round(daily.close_price / day_before.close_price - 1, 12) as simple_return,
        round(ln(daily.close_price / day_before.close_price), 12) as log_return,
        round(daily.realised_volatility, 12) as realised_volatility,
        daily.volume,
        daily.quote_volume,
        daily.trade_count,
        round(daily.taker_volume / nullif(daily.volume, 0), 12) as taker_share,
        round(daily.quote_volume / nullif(daily.volume, 0), 12) as vwap_price,
        '{{ base_interval() }}' as base_interval,
        daily.candles_present,
        {{ base_candles_in('1d') }} as candles_expected,
        greatest(daily.load_order, day_before.load_order) as load_order
    from daily
    left join lateral (
        select
            earlier.close_price,
            max(earlier.load_order) over () as load_order
        from {{ ref('fct_ohlcv') }} as earlier
        where
            earlier.symbol = daily.symbol
            and earlier.interval = '{{ base_interval() }}'
            and earlier.open_date = daily.market_date - 1
        order by earlier.open_at desc
        limit 1
    ) as day_before on true
)

select * from final

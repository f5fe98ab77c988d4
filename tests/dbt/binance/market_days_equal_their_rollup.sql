{{ config(tags=['consistency', 'binance']) }}

select
    days.symbol,
    days.market_date
from (select * from {{ ref('fct_market_daily') }} where {{ new_rows(ref('fct_market_daily')) }}) as days
left join {{ ref('fct_ohlcv_rollups') }} as rollups
    on
        days.symbol = rollups.symbol
        and rollups.interval = '1d'
        and days.market_date::timestamp at time zone 'UTC' = rollups.open_at
where
    (
        days.open_price, days.high_price, days.low_price, days.close_price, days.volume, days.quote_volume,
        days.trade_count, days.candles_present
    )
    is distinct from
    (
        rollups.open_price, rollups.high_price, rollups.low_price, rollups.close_price, rollups.volume,
        rollups.quote_volume, rollups.trade_count, rollups.candles_present
    )

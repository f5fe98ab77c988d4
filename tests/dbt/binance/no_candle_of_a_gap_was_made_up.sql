{{ config(tags=['accuracy', 'binance']) }}

-- Looked up gap by gap: a join of both would read every candle.
select
    gaps.symbol,
    gaps.interval,
    gaps.from_at,
    made_up.open_at
from {{ ref('fct_candle_gaps') }} as gaps
cross join lateral (
    select candles.open_at
    from {{ ref('fct_ohlcv') }} as candles
    where
        candles.symbol = gaps.symbol
        and candles.interval = gaps.interval
        and candles.open_at >= gaps.from_at
        and candles.open_at < gaps.until_at
    order by candles.open_at
    limit 1
) as made_up

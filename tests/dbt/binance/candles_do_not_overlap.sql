{{ config(tags=['consistency', 'binance'], severity='warn') }}

-- Candles that begin more than a second before the one before them has ended: the exchange has cut its history anew,
-- and serves the old pieces no more.
select
    candles.symbol,
    candles.interval,
    candles.open_at,
    earlier.close_at as earlier_close_at
from {{ ref('fct_ohlcv') }} as candles
cross join lateral (
    select before.close_at
    from {{ ref('fct_ohlcv') }} as before
    where
        before.symbol = candles.symbol
        and before.interval = candles.interval
        and before.open_at < candles.open_at
    order by before.open_at desc
    limit 1
) as earlier
where {{ new_rows(ref('fct_ohlcv')) }} and earlier.close_at > candles.open_at + interval '1 second'

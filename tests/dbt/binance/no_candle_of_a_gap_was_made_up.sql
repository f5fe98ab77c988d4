{{ config(tags=['accuracy', 'binance']) }}

select
    gaps.symbol,
    gaps.interval,
    gaps.from_at,
    candles.open_at
from {{ ref('fct_candle_gaps') }} as gaps
inner join {{ ref('fct_ohlcv') }} as candles
    on
        gaps.symbol = candles.symbol
        and gaps.interval = candles.interval
        and gaps.from_at <= candles.open_at
        and gaps.until_at > candles.open_at

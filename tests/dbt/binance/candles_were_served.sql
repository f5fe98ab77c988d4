{{ config(tags=['accuracy', 'binance']) }}

-- Candles that no answer of the exchange has, word for word.
select
    candles.symbol,
    candles.interval,
    candles.open_at
from (select * from {{ ref('fct_ohlcv') }} where {{ new_rows(ref('fct_ohlcv')) }}) as candles
where
    not exists (
        select 1
        from {{ ref('base_binance__klines') }} as versions
        where
            versions.symbol = candles.symbol
            and versions.interval = candles.interval
            and versions.open_at = candles.open_at
            and versions.load_order = candles.load_order
            and versions.violations = '{}'
            and versions.is_closed
            and versions.close_at = candles.close_at
            and versions.open_price = candles.open_price
            and versions.high_price = candles.high_price
            and versions.low_price = candles.low_price
            and versions.close_price = candles.close_price
            and versions.volume = candles.volume
            and versions.quote_volume = candles.quote_volume
            and versions.trade_count = candles.trade_count
            and versions.taker_volume = candles.taker_volume
            and versions.taker_quote_volume = candles.taker_quote_volume
    )

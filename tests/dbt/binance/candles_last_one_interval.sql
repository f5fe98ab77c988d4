{{ config(tags=['consistency', 'binance'], severity='warn') }}

-- Candles that were cut short or run long. The exchange has some, so they are told and kept.
select
    symbol,
    interval,
    open_at,
    close_at
from {{ ref('fct_ohlcv') }}
where
    {{ new_rows(ref('fct_ohlcv')) }}
    and date_trunc('milliseconds', close_at) <> {{ next_slot_at('interval', 'open_at') }} - interval '1 millisecond'

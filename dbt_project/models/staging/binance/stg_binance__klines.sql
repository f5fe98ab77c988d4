-- Not in the customary CTEs: Postgres joins a view that has some only as a whole, which would read millions of candles
-- for the few that came.
select
    -- ids
    versions.symbol,
    versions.interval,
    versions.open_at,

    -- text
    versions.unused,

    -- numbers
    versions.open_price,
    versions.high_price,
    versions.low_price,
    versions.close_price,
    versions.volume,
    versions.quote_volume,
    versions.trade_count,
    versions.taker_volume,
    versions.taker_quote_volume,

    -- booleans
    versions.is_closed,

    -- times
    versions.close_at,
    versions.served_at,

    -- lineage
    versions.load_order,
    versions.load_position
from {{ ref('base_binance__klines') }} as versions
where {{ is_newest_change(ref('base_binance__klines'), ['symbol', 'interval', 'open_at'], candle_values) }}

{{ config(tags=['timeliness', 'binance']) }}

-- Symbols and intervals whose newest closed candle was three intervals old, and five minutes, when the exchange was last
-- asked for it, by its own clock. One that has no candle yet counts from when it was first listed; one that does not
-- trade has none to give.
with asked as (
    select
        versions.symbol,
        versions.interval,
        max(versions.served_at) as asked_at
    from {{ ref('base_binance__klines') }} as versions
    where
        {{ new_rows(ref('base_binance__klines')) }}
        -- A window of a backfill, whose name has a space, asks for what is long past.
        and versions.load_order not in (
            select loads.load_order
            from {{ source('ops', 'loads') }} as loads
            where
                loads.source = 'binance'
                and loads.stream = 'klines'
                and {{ new_rows(ref('base_binance__klines')) }}
                and (strpos(loads.shard, ' ') > 0 or loads.replays_load_id is not null)
        )
    group by versions.symbol, versions.interval
)

select
    asked.symbol,
    asked.interval,
    asked.asked_at,
    coalesce(newest.close_at, symbols.valid_from) as fresh_until
from asked
left join {{ ref('dim_symbols') }} as symbols on asked.symbol = symbols.symbol and symbols.is_current
left join lateral (
    select candles.close_at
    from {{ ref('fct_ohlcv') }} as candles
    where candles.symbol = asked.symbol and candles.interval = asked.interval
    order by candles.open_at desc
    limit 1
) as newest on true
where
    coalesce(symbols.is_trading, true)
    and asked.asked_at > coalesce(newest.close_at, symbols.valid_from)
    + 3 * coalesce({{ interval_length('asked.interval') }}, interval '744 hours') + interval '5 minutes'

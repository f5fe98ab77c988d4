with versions as (
    select * from {{ ref('base_binance__klines') }}
    where violations = '{}' and is_closed
),

-- A closed candle that an answer served later tells otherwise. The one before may have been loaded after it.
restated as (
    select
        versions.symbol,
        versions.interval,
        versions.open_at,
        before.served_at as last_seen_at,
        versions.served_at as first_seen_at,
        before.close_at as old_close_at,
        versions.close_at as new_close_at,
        before.open_price as old_open_price,
        versions.open_price as new_open_price,
        before.high_price as old_high_price,
        versions.high_price as new_high_price,
        before.low_price as old_low_price,
        versions.low_price as new_low_price,
        before.close_price as old_close_price,
        versions.close_price as new_close_price,
        before.volume as old_volume,
        versions.volume as new_volume,
        before.quote_volume as old_quote_volume,
        versions.quote_volume as new_quote_volume,
        before.trade_count as old_trade_count,
        versions.trade_count as new_trade_count,
        before.taker_volume as old_taker_volume,
        versions.taker_volume as new_taker_volume,
        before.taker_quote_volume as old_taker_quote_volume,
        versions.taker_quote_volume as new_taker_quote_volume,
        versions.load_order,
        versions.load_position
    from versions
    cross join
        lateral (
            select earlier.*
            from {{ ref('base_binance__klines') }} as earlier
            where
                earlier.symbol = versions.symbol
                and earlier.interval = versions.interval
                and earlier.open_at = versions.open_at
                and earlier.violations = '{}'
                and earlier.is_closed
                and (earlier.served_at, earlier.load_order, earlier.load_position)
                < (versions.served_at, versions.load_order, versions.load_position)
            order by earlier.served_at desc, earlier.load_order desc, earlier.load_position desc
            limit 1
        ) as before
    where {{ candle_values('before') }} is distinct from {{ candle_values('versions') }}
)

select * from restated

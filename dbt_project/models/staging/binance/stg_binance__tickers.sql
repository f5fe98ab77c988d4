with source as (
    select * from {{ ref('base_binance__tickers') }}
),

renamed as (
    select
        -- ids
        versions.symbol,
        versions.close_at,
        versions.first_trade_id,
        versions.last_trade_id,

        -- numbers
        versions.price_change,
        versions.price_change_percent,
        versions.vwap_price,
        versions.previous_close_price,
        versions.last_price,
        versions.last_quantity,
        versions.bid_price,
        versions.bid_quantity,
        versions.ask_price,
        versions.ask_quantity,
        versions.open_price,
        versions.high_price,
        versions.low_price,
        versions.volume,
        versions.quote_volume,
        versions.trade_count,

        -- times
        versions.open_at,
        versions.served_at,
        versions.extracted_at,

        -- lineage
        versions.load_order
    from source as versions
    where {{ is_newest_valid(ref('base_binance__tickers'), ['symbol', 'close_at'], version='trade_count') }}
)

select * from renamed

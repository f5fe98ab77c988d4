with source as (
    select * from {{ ref('base_binance__agg_trades') }}
),

-- A trade has no versions: of its copies the first one counts.
renamed as (
    select
        -- ids
        versions.symbol,
        versions.agg_trade_id,
        versions.first_trade_id,
        versions.last_trade_id,

        -- numbers
        versions.price,
        versions.quantity,

        -- booleans
        versions.is_buyer_maker,

        -- times
        versions.traded_at,

        -- lineage
        versions.load_order
    from source as versions
    where {{ is_newest_valid(ref('base_binance__agg_trades'), ['symbol', 'agg_trade_id'], version='agg_trade_id') }}
)

select * from renamed

with source as (
    select * from {{ ref('base_binance__symbols') }}
),

-- The symbols of the newest full list that finished.
renamed as (
    select distinct on (versions.symbol)
        -- ids
        versions.symbol,

        -- text
        versions.status,
        versions.base_asset,
        versions.quote_asset,

        -- numbers
        versions.base_precision,
        versions.quote_precision,
        versions.tick_size,
        versions.step_size,
        versions.min_notional,

        -- booleans
        versions.is_spot_trading_allowed,
        versions.is_margin_trading_allowed,

        -- times
        versions.listed_at,

        -- lineage
        versions.load_order
    from source as versions
    where
        versions.violations = '{}'
        and versions.sweep_id = (select max(sweeps.sweep_id) from {{ ref('stg_binance__symbol_sweeps') }} as sweeps)
    order by versions.symbol asc, versions.load_order desc, versions.load_position desc
)

select * from renamed

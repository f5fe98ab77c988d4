{{ config(materialized='table') }}

-- Two lists within a second of the server's clock: the later one counts.
with changes as (
    select distinct on (symbol, listed_at) *
    from {{ ref('int_symbols_changed') }}
    order by symbol asc, listed_at asc, sweep_id desc
),

-- A list that lacks a symbol says nothing of its attributes: the last ones stay.
known as (
    select
        changes.*,
        count(*) filter (where is_listed) over (partition by symbol order by listed_at) as version
    from changes
),

filled as (
    select
        known.symbol,
        known.listed_at,
        known.is_listed,
        listed.status,
        listed.base_asset,
        listed.quote_asset,
        listed.base_precision,
        listed.quote_precision,
        listed.tick_size,
        listed.step_size,
        listed.min_notional,
        listed.is_spot_trading_allowed,
        listed.is_margin_trading_allowed,
        known.load_order
    from known
    inner join known as listed
        on known.symbol = listed.symbol and known.version = listed.version and listed.is_listed
),

-- After a quarantined record a symbol speaks again, if only to say the same.
compared as (
    select
        filled.*,
        (is_listed, {{ symbol_values('filled') }}) as says,
        lag((is_listed, {{ symbol_values('filled') }})) over (partition by symbol order by listed_at) as said
    from filled
),

final as (
    select
        symbol,
        listed_at as valid_from,
        lead(listed_at) over (partition by symbol order by listed_at) as valid_to,
        lead(listed_at) over (partition by symbol order by listed_at) is null as is_current,
        is_listed,
        status,
        is_listed and status = 'TRADING' as is_trading,
        base_asset,
        quote_asset,
        base_precision,
        quote_precision,
        tick_size,
        step_size,
        min_notional,
        is_spot_trading_allowed,
        is_margin_trading_allowed,
        load_order
    from compared
    where says is distinct from said
)

select * from final

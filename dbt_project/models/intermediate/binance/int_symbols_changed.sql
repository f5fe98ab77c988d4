{{ config(
    materialized='incremental',
    incremental_strategy='recompute',
    unique_key=['sweep_id', 'symbol'],
    recompute_by=['sweep_id'],
    touched_by='touched_symbol_sweeps',
    indexes=[{'columns': ['sweep_id', 'symbol'], 'unique': true}],
) }}

with sweeps as (
    select *
    from (
        select
            sweep_id,
            listed_at,
            load_order,
            lag(sweep_id) over (order by sweep_id) as earlier_sweep_id
        from {{ ref('stg_binance__symbol_sweeps') }}
    ) as sweeps
    {{ where_touched(touched_symbol_sweeps()) }}
),

-- A symbol repeated on a list counts as its last record says.
now as (
    select distinct on (sweeps.sweep_id, listed.symbol) listed.*
    from sweeps
    inner join {{ ref('base_binance__symbols') }} as listed on sweeps.sweep_id = listed.sweep_id
    where listed.symbol is not null
    order by
        sweeps.sweep_id asc, listed.symbol asc, listed.violations = '{}' desc,
        listed.load_order desc, listed.load_position desc
),

before as (
    select distinct on (sweeps.sweep_id, listed.symbol)
        listed.*,
        sweeps.sweep_id as next_sweep_id
    from sweeps
    inner join {{ ref('base_binance__symbols') }} as listed on sweeps.earlier_sweep_id = listed.sweep_id
    where listed.symbol is not null
    order by
        sweeps.sweep_id asc, listed.symbol asc, listed.violations = '{}' desc,
        listed.load_order desc, listed.load_position desc
),

-- What a quarantined record would have said is not known: it says nothing, and the next valid one speaks for itself.
changed as (
    select
        coalesce(now.sweep_id, before.next_sweep_id) as sweep_id,
        coalesce(now.symbol, before.symbol) as symbol,
        now.symbol is not null as is_listed,
        now.status,
        now.base_asset,
        now.quote_asset,
        now.base_precision,
        now.quote_precision,
        now.tick_size,
        now.step_size,
        now.min_notional,
        now.is_spot_trading_allowed,
        now.is_margin_trading_allowed
    from now
    full outer join before on now.sweep_id = before.next_sweep_id and now.symbol = before.symbol
    where
        now.symbol is null
        or (
            now.violations = '{}'
            and (
                before.violations is distinct from '{}'
                or {{ symbol_values('now') }} is distinct from {{ symbol_values('before') }}
            )
        )
),

final as (
    select
        changed.*,
        sweeps.listed_at,
        sweeps.load_order
    from changed
    inner join sweeps on changed.sweep_id = sweeps.sweep_id
)

select * from final

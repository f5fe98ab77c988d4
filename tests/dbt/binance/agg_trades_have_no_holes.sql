{{ config(tags=['completeness', 'binance']) }}

-- The exchange numbers trades without leaving one out: new ones whose predecessor is not there, save a symbol's first.
select
    trades.symbol,
    trades.agg_trade_id
from {{ ref('base_binance__agg_trades') }} as trades
where
    {{ new_rows(ref('base_binance__agg_trades')) }}
    and not exists (
        select 1
        from {{ ref('base_binance__agg_trades') }} as earlier
        where earlier.symbol = trades.symbol and earlier.agg_trade_id = trades.agg_trade_id - 1
    )
    and exists (
        select 1
        from {{ ref('base_binance__agg_trades') }} as earlier
        where earlier.symbol = trades.symbol and earlier.agg_trade_id < trades.agg_trade_id
    )

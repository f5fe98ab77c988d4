{{ config(tags=['consistency', 'nightly']) }}

select
    symbol,
    agg_trade_id
from {{ ref('base_binance__agg_trades') }}
where violations = '{}'
group by symbol, agg_trade_id
having count(distinct (price, quantity, first_trade_id, last_trade_id, traded_at, is_buyer_maker)) > 1

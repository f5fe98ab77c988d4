select
    load_order,
    load_position,
    symbol,
    agg_trade_id,
    extracted_at,
    violations
from {{ ref('base_binance__agg_trades') }}
where violations <> '{}'

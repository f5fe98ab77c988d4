select
    load_order,
    load_position,
    symbol,
    interval,
    open_at,
    extracted_at,
    violations
from {{ ref('base_binance__klines') }}
where violations <> '{}'

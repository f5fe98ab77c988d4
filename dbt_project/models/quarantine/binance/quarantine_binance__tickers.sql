select
    load_order,
    load_position,
    symbol,
    close_at,
    extracted_at,
    violations
from {{ ref('base_binance__tickers') }}
where violations <> '{}'

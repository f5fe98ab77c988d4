select
    load_order,
    load_position,
    symbol,
    extracted_at,
    violations
from {{ ref('base_binance__symbols') }}
where violations <> '{}'

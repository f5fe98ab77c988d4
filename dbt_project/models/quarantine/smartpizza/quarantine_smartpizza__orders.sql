select
    load_order,
    load_position,
    order_id,
    extracted_at,
    violations
from {{ ref('base_smartpizza__orders') }}
where violations <> '{}'

select
    load_order,
    load_position,
    erasure_id,
    customer_id,
    extracted_at,
    violations
from {{ ref('base_smartpizza__customer_erasures') }}
where violations <> '{}'

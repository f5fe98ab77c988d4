select
    load_order,
    load_position,
    customer_id,
    extracted_at,
    violations
from {{ ref('base_smartpizza__customers') }}
where violations <> '{}'

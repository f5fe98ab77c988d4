select
    load_order,
    load_position,
    branch_id,
    extracted_at,
    violations
from {{ ref('base_smartpizza__branches') }}
where violations <> '{}'

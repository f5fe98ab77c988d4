select
    load_order,
    load_position,
    branch_id,
    ingredient_id,
    business_date,
    extracted_at,
    violations
from {{ ref('base_smartpizza__inventory_levels') }}
where violations <> '{}'

select
    load_order,
    load_position,
    recipe_id,
    version,
    extracted_at,
    violations
from {{ ref('base_smartpizza__recipes') }}
where violations <> '{}'

select
    load_order,
    load_position,
    branch_id,
    business_date,
    extracted_at,
    violations
from {{ ref('base_smartpizza__order_summaries') }}
where violations <> '{}'

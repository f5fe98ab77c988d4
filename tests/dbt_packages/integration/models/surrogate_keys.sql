select
    id,
    {{ dbt_utils.generate_surrogate_key(['id']) }} as one_field,
    {{ dbt_utils.generate_surrogate_key(['id', 'amount', 'code']) }} as three_fields
from {{ ref('good_rows') }}

{{ config(materialized='table') }}

with recipes as (
    select * from {{ ref('stg_smartpizza__recipes') }}
),

final as (
    select
        recipe_id,
        recipe_version,
        recipe_name,
        category,
        kind,
        valid_from,
        valid_to,
        valid_to is null as is_current
    from recipes
)

select * from final

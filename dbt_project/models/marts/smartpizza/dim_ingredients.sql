{{ config(materialized='table') }}

with recipes as (
    select * from {{ ref('stg_smartpizza__recipes') }}
),

components as (
    select
        listed.component ->> 'ingredient_id' as ingredient_id,
        listed.component ->> 'name' as ingredient_name,
        recipes.recipe_id,
        recipes.valid_to is null as is_current,
        recipes.updated_at
    from recipes
    cross join lateral jsonb_path_query(recipes.sizes, '$[*].components[*]') as listed (component)
    where listed.component ->> 'type' = 'ingredient'
),

final as (
    select
        ingredient_id,
        (array_agg(ingredient_name order by updated_at desc, ingredient_name asc))[1] as ingredient_name,
        (count(distinct recipe_id) filter (where is_current))::integer as current_recipe_count
    from components
    group by ingredient_id
)

select * from final

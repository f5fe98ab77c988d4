{{ config(
    materialized='table',
    indexes=[{'columns': ['recipe_id', 'size']}],
) }}

with recursive

recipes as (
    select * from {{ ref('stg_smartpizza__recipes') }}
),

components as (
    select
        recipes.recipe_id,
        recipes.recipe_version,
        recipes.kind,
        recipes.valid_from,
        coalesce(recipes.valid_to, 'infinity') as valid_to,
        sizes.size_entry ->> 'size' as size,
        components.component ->> 'type' as type,
        components.component ->> 'ingredient_id' as ingredient_id,
        components.component ->> 'name' as ingredient_name,
        components.component ->> 'recipe_id' as sub_recipe_id,
        (components.component ->> 'quantity')::numeric as quantity
    from recipes
    cross join lateral jsonb_array_elements(recipes.sizes) as sizes (size_entry)
    cross join lateral jsonb_array_elements(sizes.size_entry -> 'components') as components (component)
),

-- A component's quantities are per kilogram of it. Each step keeps the time in which all versions on the way were
-- valid at once; the depth ends a recipe that (wrongly) contains itself.
exploded as (
    select
        recipe_id,
        recipe_version,
        size,
        type,
        ingredient_id,
        ingredient_name,
        sub_recipe_id,
        quantity,
        valid_from,
        valid_to,
        1 as depth
    from components
    where kind = 'pizza'

    union all

    select
        exploded.recipe_id,
        exploded.recipe_version,
        exploded.size,
        components.type,
        components.ingredient_id,
        components.ingredient_name,
        components.sub_recipe_id,
        exploded.quantity * components.quantity as quantity,
        greatest(exploded.valid_from, components.valid_from) as valid_from,
        least(exploded.valid_to, components.valid_to) as valid_to,
        exploded.depth + 1 as depth
    from exploded
    inner join components
        on
            exploded.sub_recipe_id = components.recipe_id
            and components.kind = 'component'
            and exploded.valid_from < components.valid_to
            and exploded.valid_to > components.valid_from
    where
        exploded.type = 'sub_recipe'
        and exploded.depth < 10
)

select
    recipe_id,
    recipe_version,
    size,
    ingredient_id,
    max(ingredient_name) as ingredient_name,
    sum(quantity) as quantity_kg,
    valid_from,
    valid_to
from exploded
where type = 'ingredient'
group by recipe_id, recipe_version, size, ingredient_id, valid_from, valid_to

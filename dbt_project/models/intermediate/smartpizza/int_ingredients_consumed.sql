-- Not materialized: read whole, it would be of all orders, though a day is asked for.
with items as not materialized (
    select * from {{ ref('int_order_items_exploded') }}
),

recipe_ingredients as (
    select * from {{ ref('int_recipe_ingredients_exploded') }}
),

-- A pizza is one whole or two halves of the same size. Unnested here and not by a lateral join, which the planner would
-- put after the join with all recipes of the size.
portions as (
    select
        items.order_id,
        items.line_id,
        items.branch_id,
        items.business_date,
        items.placed_at,
        items.status,
        items.size,
        items.quantity,
        unnest(case
            when items.halves = '[]' then array[items.recipe_id]
            else array(select half.value ->> 'recipe_id' from jsonb_array_elements(items.halves) as half (value))
        end) as recipe_id,
        case when items.halves = '[]' then 1 else 1::numeric / jsonb_array_length(items.halves) end as share
    from items
    where items.recipe_id is not null or items.halves <> '[]'
),

from_recipes as (
    select
        portions.order_id,
        portions.line_id,
        portions.branch_id,
        portions.business_date,
        portions.status,
        recipe_ingredients.ingredient_id,
        portions.quantity * portions.share * recipe_ingredients.quantity_kg as quantity_kg
    from portions
    inner join recipe_ingredients
        on
            portions.recipe_id = recipe_ingredients.recipe_id
            and portions.size = recipe_ingredients.size
            and portions.placed_at >= recipe_ingredients.valid_from
            and portions.placed_at < recipe_ingredients.valid_to
),

from_modifiers as (
    select
        items.order_id,
        items.line_id,
        items.branch_id,
        items.business_date,
        items.status,
        modifiers.modifier ->> 'ingredient_id' as ingredient_id,
        items.quantity * (modifiers.modifier ->> 'quantity')::numeric
        * case modifiers.modifier ->> 'action' when 'remove' then -1 else 1 end as quantity_kg
    from items
    cross join lateral jsonb_array_elements(items.modifiers) as modifiers (modifier)
),

unioned as (
    select * from from_recipes
    union all
    select * from from_modifiers
)

select * from unioned
where status not in ('cancelled', 'scheduled')

{#- Keys (branch_id, business_date): days of touched orders; days of new counts and the day of the count that follows
    each (its opening stock); days since a recipe began to read differently. -#}
{% macro touched_inventory_days() -%}
    with counts as (
        select branch_id, ingredient_id, business_date
        from {{ ref('base_smartpizza__inventory_levels') }}
        where {{ changed('base_smartpizza__inventory_levels') }}
    ),

    recipes_differ as (
        select
            min(case
                when before.recipe_id is null then now.valid_from
                when (before.valid_from, before.sizes) is distinct from (now.valid_from, now.sizes)
                    then least(before.valid_from, now.valid_from)
                when before.valid_to is distinct from now.valid_to then least(before.valid_to, now.valid_to)
            end) as since
        from {{ ref('base_smartpizza__recipes') }} as now
        left join lateral (
            select earlier.recipe_id, earlier.valid_from, earlier.valid_to, earlier.sizes
            from {{ ref('base_smartpizza__recipes') }} as earlier
            where earlier.recipe_id = now.recipe_id
                and earlier.version = now.version
                and earlier.load_order < now.load_order
            order by earlier.load_order desc
            limit 1
        ) as before on true
        where {{ changed('base_smartpizza__recipes', 'now') }}
    )

    {{ touched_branch_days() }}
    union
    select branch_id, business_date from counts
    union
    select counts.branch_id, next_count.business_date
    from counts
    cross join lateral (
        select min(levels.business_date) as business_date
        from {{ ref('base_smartpizza__inventory_levels') }} as levels
        where levels.branch_id = counts.branch_id
            and levels.ingredient_id = counts.ingredient_id
            and levels.business_date > counts.business_date
    ) as next_count
    union
    select orders.branch_id, orders.business_date
    from {{ ref('base_smartpizza__orders') }} as orders
    where orders.business_date >= (select (since at time zone 'UTC')::date - 1 from recipes_differ)
{%- endmacro %}

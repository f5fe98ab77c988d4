{#- Keys (branch_id, business_date): days of touched orders; days of new counts and the day of the count that follows
    each (its opening stock); days since a recipe began to read differently. -#}
{% macro touched_inventory_days() -%}
    with counts as (
        select branch_id, ingredient_id, business_date
        from {{ ref('base_smartpizza__inventory_levels') }}
        where {{ changed('base_smartpizza__inventory_levels') }}
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
    {%- set since = recipes_differ_since() %}
    {%- if since %}
    union
    select orders.branch_id, orders.business_date
    from {{ ref('base_smartpizza__orders') }} as orders
    where orders.business_date >= date '{{ since }}'
    {%- endif %}
{%- endmacro %}

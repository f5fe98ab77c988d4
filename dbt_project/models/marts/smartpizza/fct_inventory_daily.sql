{{ config(
    materialized='incremental',
    incremental_strategy='recompute',
    unique_key=['branch_id', 'ingredient_id', 'business_date'],
    recompute_by=['branch_id', 'business_date'],
    touched_by='touched_inventory_days',
    indexes=[{'columns': ['branch_id', 'business_date']}, {'columns': ['load_order']}],
) }}

with levels as (
    {{ of_each_touched(ref('int_inventory_levels_moved'), touched_inventory_days()) }}
),

consumed as (
    select
        branch_id,
        ingredient_id,
        business_date,
        round(sum(quantity_kg), 6) as consumed_quantity
    from {{ ref('int_ingredients_consumed') }}
    {{ where_touched(touched_inventory_days(), narrow_by={'order_id': orders_of_days(touched_inventory_days())}) }}
    group by branch_id, ingredient_id, business_date
),

final as (
    select
        coalesce(levels.branch_id, consumed.branch_id) as branch_id,
        coalesce(levels.ingredient_id, consumed.ingredient_id) as ingredient_id,
        coalesce(levels.business_date, consumed.business_date) as business_date,
        levels.opening_quantity,
        levels.received_quantity,
        levels.wasted_quantity,
        levels.closing_quantity,
        levels.moved_quantity,
        coalesce(consumed.consumed_quantity, 0) as consumed_quantity,
        levels.moved_quantity - coalesce(consumed.consumed_quantity, 0) as unexplained_quantity,
        coalesce(levels.is_corrected, false) as is_corrected,
        levels.load_order
    from levels
    full outer join consumed
        on
            levels.branch_id = consumed.branch_id
            and levels.ingredient_id = consumed.ingredient_id
            and levels.business_date = consumed.business_date
)

select * from final

{{ config(
    materialized='incremental',
    incremental_strategy='recompute',
    unique_key=['order_id', 'line_id'],
    recompute_by=['order_id'],
    touched_by='touched_orders',
    indexes=[{'columns': ['load_order']}],
) }}

with items as (
    select * from {{ ref('int_order_items_exploded') }}
    {{ where_touched(touched_orders(), narrow_by={'order_id': touched_orders()}) }}
),

final as (
    select
        order_id,
        line_id,
        branch_id,
        business_date,
        kind,
        sku,
        recipe_id,
        recipe_version,
        size,
        quantity,
        currency,
        unit_price_amount,
        discount_amount,
        tax_amount,
        quantity * unit_price_amount as line_amount,
        jsonb_array_length(halves)::integer as half_count,
        jsonb_array_length(modifiers)::integer as modifier_count,
        load_order
    from items
)

select * from final

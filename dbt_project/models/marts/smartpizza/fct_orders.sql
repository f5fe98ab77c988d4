{{ config(
    materialized='incremental',
    incremental_strategy='recompute',
    unique_key='order_id',
    recompute_by=['order_id'],
    touched_by='touched_orders',
    indexes=[{'columns': ['business_date', 'branch_id']}, {'columns': ['load_order']}],
) }}

with orders as (
    select * from {{ ref('int_orders_summarized') }}
    {{ where_touched(touched_orders(), narrow_by={'order_id': touched_orders()}) }}
),

final as (
    select
        order_id,
        order_number,
        branch_id,
        customer_id,
        channel,
        fulfilment,
        status,
        version,
        original_order_id,
        original_order_id <> order_id as is_double_submission,
        currency,
        subtotal_amount,
        discount_amount,
        tax_amount,
        delivery_fee_amount,
        tip_amount,
        total_amount,
        captured_amount,
        refunded_amount,
        charged_back_amount,
        loyalty_points,
        item_count,
        pizza_quantity,
        business_date,
        placed_at,
        promised_at,
        confirmed_at,
        ready_at,
        coalesce(delivered_at, collected_at) as completed_at,
        cancelled_at,
        updated_at,
        load_order
    from orders
)

select * from final

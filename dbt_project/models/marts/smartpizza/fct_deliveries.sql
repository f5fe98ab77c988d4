{{ config(
    materialized='incremental',
    incremental_strategy='recompute',
    unique_key='order_id',
    recompute_by=['order_id'],
    touched_by='touched_orders',
    indexes=[{'columns': ['load_order']}],
) }}

with orders as (
    select * from {{ ref('int_orders_summarized') }}
    {{ where_touched(touched_orders(), narrow_by={'order_id': touched_orders()}) }}
),

final as (
    select
        order_id,
        branch_id,
        status,
        business_date,
        placed_at,
        promised_at,
        out_for_delivery_at,
        delivered_at,
        extract(epoch from delivered_at - placed_at)::numeric(12, 3) as delivery_seconds,
        extract(epoch from delivered_at - promised_at)::numeric(12, 3) as late_seconds,
        delivered_at <= promised_at as is_on_time,
        load_order
    from orders
    where fulfilment = 'delivery'
)

select * from final

{{ config(
    materialized='incremental',
    incremental_strategy='recompute',
    unique_key=['order_id', 'payment_event_id'],
    recompute_by=['order_id'],
    touched_by='touched_orders',
    indexes=[{'columns': ['load_order']}],
) }}

with payments as (
    select * from {{ ref('int_payments_exploded') }}
    {{ where_touched(touched_orders(), narrow_by={'order_id': touched_orders()}) }}
),

final as (
    select
        order_id,
        payment_event_id,
        payment_id,
        branch_id,
        kind,
        method,
        reason,
        currency,
        amount,
        business_date,
        occurred_at,
        load_order
    from payments
)

select * from final

{{ config(tags=['accuracy', 'smartpizza']) }}

with orders as (
    select
        order_id,
        subtotal_amount
    from {{ ref('fct_orders') }}
    where {{ new_rows(ref('fct_orders')) }}
),

lines as (
    select
        order_id,
        sum(line_amount) as line_amount
    from {{ ref('fct_order_items') }}
    where {{ new_rows(ref('fct_order_items')) }}
    group by order_id
)

select
    orders.order_id,
    orders.subtotal_amount,
    lines.line_amount
from orders
inner join lines on orders.order_id = lines.order_id
where orders.subtotal_amount <> lines.line_amount

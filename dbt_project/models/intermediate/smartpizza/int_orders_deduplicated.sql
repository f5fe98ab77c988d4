with orders as (
    select * from {{ ref('stg_smartpizza__orders') }}
),

-- A submission sent twice makes two orders with one idempotency key; the first one is the order.
deduplicated as (
    select
        orders.*,
        coalesce(
            (
                select first_sent.order_id
                from {{ ref('stg_smartpizza__orders') }} as first_sent
                where first_sent.idempotency_key = orders.idempotency_key
                order by first_sent.created_at, first_sent.order_id
                limit 1
            ),
            orders.order_id
        ) as original_order_id
    from orders
)

select * from deduplicated

with orders as (
    select * from {{ ref('stg_smartpizza__orders') }}
),

-- The timeline: one row a status that the order reached, in the order of time.
exploded as (
    select
        orders.order_id,
        history.step_number::integer as step_number,
        history.entry ->> 'status' as status,
        (history.entry ->> 'at')::timestamptz as reached_at,
        orders.load_order
    from orders
    cross join lateral jsonb_array_elements(orders.status_history) with ordinality as history (entry, step_number)
)

select * from exploded

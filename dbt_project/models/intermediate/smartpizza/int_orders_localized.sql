with orders as (
    select * from {{ ref('stg_smartpizza__orders') }}
),

branches as (
    select * from {{ ref('stg_smartpizza__branches') }}
),

-- The business date that the branch's own clock gives, to hold against the one that the source sent.
localized as (
    select
        orders.order_id,
        orders.branch_id,
        orders.placed_at,
        orders.business_date,
        (orders.placed_at at time zone branches.timezone)::date as local_business_date,
        orders.load_order
    from orders
    inner join branches on orders.branch_id = branches.branch_id
)

select * from localized

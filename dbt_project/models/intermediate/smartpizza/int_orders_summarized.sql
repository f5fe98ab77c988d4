with orders as (
    select * from {{ ref('int_orders_deduplicated') }}
),

-- What the lists inside an order add up to. Lateral, row by row: each order is read once, be it one or all.
summarized as (
    select
        orders.order_id,
        orders.order_number,
        orders.branch_id,
        orders.customer_id,
        orders.channel,
        orders.fulfilment,
        orders.status,
        orders.version,
        orders.original_order_id,
        orders.currency,
        orders.subtotal_amount,
        orders.discount_amount,
        orders.tax_amount,
        orders.delivery_fee_amount,
        orders.tip_amount,
        orders.total_amount,
        payments.captured_amount,
        refunds.refunded_amount,
        chargebacks.charged_back_amount,
        orders.loyalty_points,
        items.item_count,
        items.pizza_quantity,
        orders.business_date,
        orders.placed_at,
        orders.promised_at,
        timeline.confirmed_at,
        timeline.ready_at,
        timeline.out_for_delivery_at,
        timeline.delivered_at,
        timeline.collected_at,
        timeline.cancelled_at,
        orders.updated_at,
        orders.load_order
    from orders
    cross join
        lateral (
            select
                count(*)::integer as item_count,
                coalesce(sum((listed.item ->> 'quantity')::numeric) filter (where listed.item ->> 'kind' = 'pizza'), 0)
                    as pizza_quantity
            from jsonb_array_elements(orders.items) as listed (item)
        ) as items
    cross join
        lateral (
            select coalesce(sum(({{ money('listed.payment', 'amount') }})::numeric), 0) as captured_amount
            from jsonb_array_elements(orders.payments) as listed (payment)
        ) as payments
    cross join
        lateral (
            select coalesce(sum(({{ money('listed.refund', 'amount') }})::numeric), 0) as refunded_amount
            from jsonb_path_query(orders.payments, '$[*].refunds[*]') as listed (refund)
        ) as refunds
    cross join
        lateral (
            select coalesce(sum(({{ money('listed.chargeback', 'amount') }})::numeric), 0) as charged_back_amount
            from jsonb_path_query(orders.payments, '$[*].chargebacks[*]') as listed (chargeback)
        ) as chargebacks
    cross join lateral (
        select
            min(steps.reached_at) filter (where steps.status = 'confirmed') as confirmed_at,
            min(steps.reached_at) filter (where steps.status = 'ready') as ready_at,
            min(steps.reached_at) filter (where steps.status = 'out_for_delivery') as out_for_delivery_at,
            min(steps.reached_at) filter (where steps.status = 'delivered') as delivered_at,
            min(steps.reached_at) filter (where steps.status = 'collected') as collected_at,
            min(steps.reached_at) filter (where steps.status = 'cancelled') as cancelled_at
        from (
            select
                listed.entry ->> 'status' as status,
                (listed.entry ->> 'at')::timestamptz as reached_at
            from jsonb_array_elements(orders.status_history) as listed (entry)
        ) as steps
    ) as timeline
)

select * from summarized

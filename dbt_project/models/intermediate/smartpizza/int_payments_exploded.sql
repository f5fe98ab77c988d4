with orders as (
    select * from {{ ref('stg_smartpizza__orders') }}
),

payments as (
    select
        orders.order_id,
        orders.branch_id,
        orders.business_date,
        orders.currency,
        orders.load_order,
        listed.payment
    from orders
    cross join lateral jsonb_array_elements(orders.payments) as listed (payment)
),

-- What moved by each payment. Lateral, row by row: each order is read once, be it one or all.
moved as (
    select
        payments.order_id,
        payments.branch_id,
        payments.business_date,
        payments.currency,
        payments.load_order,
        movements.payment_event_id,
        payments.payment ->> 'payment_id' as payment_id,
        movements.kind,
        payments.payment ->> 'method' as method,
        movements.reason,
        movements.amount,
        movements.occurred_at
    from payments
    cross join lateral (
        select
            payments.payment ->> 'payment_id' as payment_event_id,
            'capture' as kind,
            null::text as reason,
            ({{ money('payments.payment', 'amount') }})::numeric as amount,
            (payments.payment ->> 'captured_at')::timestamptz as occurred_at
        union all
        select
            listed.refund ->> 'refund_id' as payment_event_id,
            'refund' as kind,
            listed.refund ->> 'reason' as reason,
            -({{ money('listed.refund', 'amount') }})::numeric as amount,
            (listed.refund ->> 'refunded_at')::timestamptz as occurred_at
        from jsonb_array_elements({{ json_list('payments.payment', 'refunds') }}) as listed (refund)
        union all
        select
            listed.chargeback ->> 'chargeback_id' as payment_event_id,
            'chargeback' as kind,
            null::text as reason,
            -({{ money('listed.chargeback', 'amount') }})::numeric as amount,
            (listed.chargeback ->> 'opened_at')::timestamptz as occurred_at
        from jsonb_array_elements({{ json_list('payments.payment', 'chargebacks') }}) as listed (chargeback)
    ) as movements
)

select * from moved

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

captures as (
    select
        order_id,
        branch_id,
        business_date,
        currency,
        load_order,
        payment ->> 'payment_id' as payment_event_id,
        payment ->> 'payment_id' as payment_id,
        'capture' as kind,
        payment ->> 'method' as method,
        null::text as reason,
        ({{ money('payment', 'amount') }})::numeric as amount,
        (payment ->> 'captured_at')::timestamptz as occurred_at
    from payments
),

refunds as (
    select
        payments.order_id,
        payments.branch_id,
        payments.business_date,
        payments.currency,
        payments.load_order,
        listed.refund ->> 'refund_id' as payment_event_id,
        payments.payment ->> 'payment_id' as payment_id,
        'refund' as kind,
        payments.payment ->> 'method' as method,
        listed.refund ->> 'reason' as reason,
        -({{ money('listed.refund', 'amount') }})::numeric as amount,
        (listed.refund ->> 'refunded_at')::timestamptz as occurred_at
    from payments
    cross join lateral jsonb_array_elements({{ json_list('payments.payment', 'refunds') }}) as listed (refund)
),

chargebacks as (
    select
        payments.order_id,
        payments.branch_id,
        payments.business_date,
        payments.currency,
        payments.load_order,
        listed.chargeback ->> 'chargeback_id' as payment_event_id,
        payments.payment ->> 'payment_id' as payment_id,
        'chargeback' as kind,
        payments.payment ->> 'method' as method,
        null::text as reason,
        -({{ money('listed.chargeback', 'amount') }})::numeric as amount,
        (listed.chargeback ->> 'opened_at')::timestamptz as occurred_at
    from payments
    cross join lateral jsonb_array_elements({{ json_list('payments.payment', 'chargebacks') }}) as listed (chargeback)
),

unioned as (
    select * from captures
    union all
    select * from refunds
    union all
    select * from chargebacks
)

select * from unioned

{{ config(
    materialized='incremental',
    incremental_strategy='recompute',
    unique_key=['measured_on', 'monitor', 'column_name', 'slice'],
    recompute_by=['measured_on'],
    touched_by='touched_change_days',
    tags=['smartpizza'],
    indexes=[
        {'columns': ['measured_on', 'monitor', 'column_name', 'slice'], 'unique': true},
        {'columns': ['load_order']},
    ],
) }}

with orders as (
    select *
    from (
        select
            orders.*,
            {{ changed_on() }} as measured_on
        from {{ ref('base_smartpizza__orders') }} as orders
    ) as orders
    {{ where_touched(touched_change_days()) }}
),

{{ measured(
    'orders',
    key='order_id',
    version='version',
    present='not is_deleted',
    content=['branch_id', 'placed_at', 'total_amount', 'customer_id'],
    slice='branch_id',
    nullable=['branch_id', 'customer_id', 'idempotency_key', 'order_number', 'loyalty_points', 'promised_at',
        'placed_at', 'business_date', 'total_amount'],
    categories=['status', 'channel', 'fulfilment', 'currency'],
    levels=['total_amount', 'delivery_fee_amount'],
    rates={
        'invalid_share': "violations <> '{}'",
        'late_share': "created_at > placed_at + interval '6 hours'",
        'deleted_share': 'is_deleted',
    },
) }}

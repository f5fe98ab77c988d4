with orders as (
    select * from {{ ref('int_orders_measured') }}
),

customers as (
    select * from {{ ref('int_customers_measured') }}
),

klines as (
    select * from {{ ref('int_klines_measured') }}
),

streams as (
    select * from {{ ref('int_streams_judged') }}
),

final as (
    select
        monitor,
        'smartpizza'::text as source,
        'base_smartpizza__orders'::text as model,
        column_name,
        slice,
        measured_on,
        value,
        row_count,
        load_order
    from orders
    union all
    select
        monitor,
        'smartpizza'::text as source,
        'base_smartpizza__customers'::text as model,
        column_name,
        slice,
        measured_on,
        value,
        row_count,
        load_order
    from customers
    union all
    select
        monitor,
        'binance'::text as source,
        'fct_ohlcv'::text as model,
        column_name,
        slice,
        measured_on,
        value,
        row_count,
        load_order
    from klines
    union all
    select
        monitor,
        source,
        stream as model,
        column_name,
        slice,
        measured_on,
        value,
        row_count,
        load_order
    from streams
)

select * from final

{%- set verdicts = [
    ('smartpizza', 'base_smartpizza__orders', ref('int_orders_judged')),
    ('smartpizza', 'base_smartpizza__customers', ref('int_customers_judged')),
    ('binance', 'fct_ohlcv', ref('int_klines_judged')),
] -%}
with streams as (
    select * from {{ ref('int_streams_judged') }}
),

final as (
    {%- for source, model, relation in verdicts if is_built(relation) %}
        select
            monitor,
            '{{ source }}'::text as source,
            '{{ model }}'::text as model,
            column_name,
            slice,
            measured_on,
            value,
            row_count,
            expected,
            lower_bound,
            upper_bound,
            verdict,
            reason,
            load_order
        from {{ relation }}
        union all
    {%- endfor %}
    select
        monitor,
        source,
        stream as model,
        column_name,
        slice,
        measured_on,
        value,
        row_count,
        expected,
        lower_bound,
        upper_bound,
        verdict,
        reason,
        load_order
    from streams
)

select * from final

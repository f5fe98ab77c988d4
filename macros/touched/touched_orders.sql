{#- Keys (order_id): orders that came, and those that share a submission with them. -#}
{% macro touched_orders() -%}
    with came as (
        select distinct order_id from {{ ref('base_smartpizza__orders') }} where {{ changed('base_smartpizza__orders') }}
    )

    select order_id from came
    union
    select same_submission.order_id
    from came
    inner join {{ ref('base_smartpizza__orders') }} as versions on came.order_id = versions.order_id
    inner join {{ ref('base_smartpizza__orders') }} as same_submission
        on versions.idempotency_key = same_submission.idempotency_key
{%- endmacro %}

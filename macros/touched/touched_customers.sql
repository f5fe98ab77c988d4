{#- Keys (customer_id): customers that came or were erased, and all that were merged into one of them, however far. -#}
{% macro touched_customers() -%}
    with recursive merged(customer_id) as (
        select customer_id from {{ ref('base_smartpizza__customers') }} where {{ changed('base_smartpizza__customers') }}
        union
        select customer_id
        from {{ ref('base_smartpizza__customer_erasures') }}
        where {{ changed('base_smartpizza__customer_erasures') }}
        union
        select customers.customer_id
        from {{ ref('base_smartpizza__customers') }} as customers
        inner join merged on customers.merged_into_customer_id = merged.customer_id
    )

    select customer_id from merged
{%- endmacro %}

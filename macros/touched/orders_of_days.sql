{#- Orders that ever were on days. In: a query of keys (branch_id, business_date). Out: a query of order_id. -#}
{% macro orders_of_days(keys) -%}
    select versions.order_id
    from {{ ref('base_smartpizza__orders') }} as versions
    inner join ({{ keys }}) as days
        on versions.branch_id = days.branch_id and versions.business_date = days.business_date
{%- endmacro %}

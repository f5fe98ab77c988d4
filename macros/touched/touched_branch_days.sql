{#- Keys (branch_id, business_date): every day that any version of a touched order was or is on. -#}
{% macro touched_branch_days() -%}
    select versions.branch_id, versions.business_date
    from {{ ref('base_smartpizza__orders') }} as versions
    inner join ({{ touched_orders() }}) as orders on versions.order_id = orders.order_id
{%- endmacro %}

{#- Keys (measured_on): days of orders whose verdict may differ from the one they had. -#}
{% macro touched_judged_orders() -%}
    {{ days_judged_anew(touched_change_days(), ref('int_orders_measured')) }}
{%- endmacro %}

{#- Keys (measured_on): days of orders whose verdict may differ from the one they had. -#}
{% macro touched_judged_orders() -%}
    {{ literal_days(days_judged_anew(change_days('base_smartpizza__orders'), ref('int_orders_measured'))) }}
{%- endmacro %}

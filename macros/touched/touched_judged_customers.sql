{#- Keys (measured_on): days of customers whose verdict may differ from the one they had. -#}
{% macro touched_judged_customers() -%}
    {{ days_judged_anew(touched_customer_days(), ref('int_customers_measured')) }}
{%- endmacro %}

{#- Keys (measured_on): days of customers whose verdict may differ from the one they had. -#}
{% macro touched_judged_customers() -%}
    {{ literal_days(days_judged_anew(change_days('base_smartpizza__customers'), ref('int_customers_measured'))) }}
{%- endmacro %}

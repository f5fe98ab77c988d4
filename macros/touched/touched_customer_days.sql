{#- Keys (measured_on): days on which the source made the changes of customers that came. -#}
{% macro touched_customer_days() -%}
    {{ literal_days(change_days('base_smartpizza__customers')) }}
{%- endmacro %}

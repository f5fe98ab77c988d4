{#- Keys (measured_on): days on which the source made the changes of orders that came. -#}
{% macro touched_change_days() -%}
    {{ literal_days(change_days('base_smartpizza__orders')) }}
{%- endmacro %}

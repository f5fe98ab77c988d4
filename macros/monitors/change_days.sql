{#- In: a base model's name. Out: a query of the days (measured_on) on which the source made the changes that came. -#}
{% macro change_days(base_model) -%}
    select distinct {{ changed_on() }} as measured_on from {{ ref(base_model) }} where {{ changed(base_model) }}
{%- endmacro %}

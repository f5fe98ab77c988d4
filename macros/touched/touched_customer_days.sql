{#- Keys (measured_on): days on which the source made the changes of customers that came. -#}
{% macro touched_customer_days() -%}
    select distinct {{ changed_on() }} as measured_on
    from {{ ref('base_smartpizza__customers') }}
    where {{ changed('base_smartpizza__customers') }}
{%- endmacro %}

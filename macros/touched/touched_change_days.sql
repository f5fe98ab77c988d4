{#- Keys (measured_on): days on which the source made the changes of orders that came. -#}
{% macro touched_change_days() -%}
    select distinct {{ changed_on() }} as measured_on
    from {{ ref('base_smartpizza__orders') }}
    where {{ changed('base_smartpizza__orders') }}
{%- endmacro %}

{#- In: names. Out: them as a text[] in SQL. -#}
{% macro text_array(names) -%}
    array[{% for name in names %}{{ dbt.string_literal(name) }}{{ ', ' if not loop.last }}{% endfor %}]::text[]
{%- endmacro %}

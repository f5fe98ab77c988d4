{#- Reads a list from a json object; a missing key and a null read as the empty list. -#}
{% macro json_list(json, key) -%}
    coalesce(nullif({{ json }} -> '{{ key }}', 'null'), '[]')
{%- endmacro %}

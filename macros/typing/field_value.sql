{#- The SQL that reads a field as text from `record`. -#}
{% macro field_value(field) -%}
    {{ field.get('from') or "record ->> '" ~ field.name ~ "'" }}
{%- endmacro %}

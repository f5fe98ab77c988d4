{#- In: fields, a list of {name, type, from (SQL giving text; default the record's key of that name), required (SQL
    condition or true; default false)}. Out: one typed column a field, null where the value is not of its type. -#}
{% macro typed_columns(fields) -%}
    {%- for field in fields %}
        case when {{ is_typed(field_value(field), field.type) }} then ({{ field_value(field) }})::{{ field.type }} end as {{ field.name }}{{ ',' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

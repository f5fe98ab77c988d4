{#- Postgres calls the type of any array column ARRAY, which no cast takes; the fixtures of unit tests need its name.
    The project's arrays all hold text. -#}
{% macro postgres__safe_cast(field, type) -%}
    cast({{ field }} as {{ 'text[]' if type == 'ARRAY' else type }})
{%- endmacro %}

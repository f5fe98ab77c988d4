{#- `prod` writes the plain schema names; every other target its own, under DBT_SCHEMA_PREFIX. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set name = (custom_schema_name or target.schema) | trim -%}
    {%- if target.name == 'prod' -%}
        {{ name }}
    {%- else -%}
        {{ env_var('DBT_SCHEMA_PREFIX', target.name) }}_{{ name }}
    {%- endif -%}
{%- endmacro %}

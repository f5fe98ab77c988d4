{#- In: a test. Out: the columns of its failing rows that may name a person: those that its model marks with
    `meta: {pii: true}`, and where such a column is itself tested, the names under which dbt's own tests give its values. -#}
{% macro personal_columns(test) %}
    {%- set personal = [] -%}
    {%- for column in tested_model(test).get('columns', {}).values()
            if column.get('meta', {}).get('pii') or column.get('config', {}).get('meta', {}).get('pii') -%}
        {%- do personal.append(column.name) -%}
    {%- endfor -%}
    {%- if test.column_name in personal -%}
        {%- do personal.extend(['unique_field', 'value_field', 'from_field']) -%}
    {%- endif -%}
    {{ return(personal) }}
{% endmacro %}

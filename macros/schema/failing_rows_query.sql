{#- In: a failed test. Out: its query, with whole rows where it asks for less: not_null and expression_is_true select a
    column or a 1 unless dbt itself stores failures. -#}
{% macro failing_rows_query(test) %}
    {%- set less = '(?is)^\\s*select\\s+(1|' ~ modules.re.escape(test.column_name or '1') ~ ')\\s+from\\s' -%}
    {{ return(modules.re.sub(less, 'select * from ', test.compiled_code, count=1)) }}
{% endmacro %}

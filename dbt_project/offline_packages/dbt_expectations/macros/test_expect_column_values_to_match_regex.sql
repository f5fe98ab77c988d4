{#
    Fails with one row for each value that the pattern matches nowhere. Null fails too, as in dbt_expectations:
    exempt it by row_condition. is_raw means nothing to Postgres. The flag g only asks for further matches, so it
    is left out.
#}
{% test expect_column_values_to_match_regex(
    model, column_name, regex, row_condition=None, is_raw=False, flags=""
) %}
    {%- set condition -%}
        coalesce(regexp_like({{ column_name }}, '{{ regex }}', '{{ flags | replace("g", "") }}'), false)
    {%- endset -%}
    {{ dbt_expectations._rows_where_false(model, condition, row_condition) }}
{% endtest %}

{# Fails with one row if the number of rows is outside the bounds; with group_by, one for each such group. #}
{% test expect_table_row_count_to_be_between(
    model, min_value=None, max_value=None, group_by=None, row_condition=None, strictly=False
) %}
    {%- set condition = dbt_expectations._is_between('count(*)', min_value, max_value, strictly) -%}
    {{ dbt_expectations._rows_where_false(model, condition, row_condition, group_by) }}
{% endtest %}

{# Fails with one row for each value outside the bounds; null passes. #}
{% test expect_column_values_to_be_between(
    model, column_name, min_value=None, max_value=None, row_condition=None, strictly=False
) %}
    {%- set condition = dbt_expectations._is_between(column_name, min_value, max_value, strictly) -%}
    {{ dbt_expectations._rows_where_false(model, condition, row_condition) }}
{% endtest %}

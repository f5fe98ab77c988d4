{# Fails with one row for each pair in which A is not greater; a pair with a null in it passes. #}
{% test expect_column_pair_values_A_to_be_greater_than_B(
    model, column_A, column_B, or_equal=False, row_condition=None
) %}
    {%- set condition = column_A ~ (' >= ' if or_equal else ' > ') ~ column_B -%}
    {{ dbt_expectations._rows_where_false(model, condition, row_condition) }}
{% endtest %}

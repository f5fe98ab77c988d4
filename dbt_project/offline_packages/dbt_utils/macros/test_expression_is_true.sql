{# Fails with each row for which the expression is false; null passes. A column's name goes before it. #}
{% test expression_is_true(model, expression, column_name=none) %}
    {%- set subject = '' if column_name is none else column_name ~ ' ' %}

    select {{ '*' if should_store_failures() else '1' }}
    from {{ model }}
    where not ({{ subject }}{{ expression }})
{% endtest %}

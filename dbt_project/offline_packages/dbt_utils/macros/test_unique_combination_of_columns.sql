{# Fails with one row for each combination that occurs more than once; nulls count as equal. #}
{% test unique_combination_of_columns(model, combination_of_columns, quote_columns=false) %}
    {%- set columns = [] -%}
    {%- for column in combination_of_columns -%}
        {%- do columns.append(adapter.quote(column) if quote_columns else column) -%}
    {%- endfor -%}
    {%- set key = columns | join(', ') -%}

    select {{ key }}
    from {{ model }}
    group by {{ key }}
    having count(*) > 1
{% endtest %}

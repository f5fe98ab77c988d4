{#
    The rows, or groups of rows, for which a condition is false; where it is null they are not among them.
    row_condition (SQL) narrows the rows that are looked at; group_by is a list of columns.
#}
{% macro _rows_where_false(model, condition, row_condition=none, group_by=none) %}
    select *
    from (
        select
            {%- for column in group_by or [] %}
            {{ column }} as col_{{ loop.index }},
            {%- endfor %}
            ({{ condition }}) as expression
        from {{ model }}
        {%- if row_condition %}
        where {{ row_condition }}
        {%- endif %}
        {%- if group_by %}
        group by {{ group_by | join(', ') }}
        {%- endif %}
    ) as looked_at
    where not expression
{% endmacro %}

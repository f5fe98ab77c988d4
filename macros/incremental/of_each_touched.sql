{#- A view's rows of the touched keys, as a query; as where_touched, for keys of several columns, of which arrays would ask
    for every combination. `offset 0` keeps the planner from making a join of it, which would compute the view for
    everything. -#}
{% macro of_each_touched(view, keys) %}
    {%- if is_narrowed_to(keys) -%}
    select found.*
    from (select distinct * from ({{ keys }}) as touched) as keys
    cross join lateral (
        select *
        from {{ view }} as each_of
        where
            {%- for column in config.require('recompute_by') %}
            each_of.{{ column }} = keys.{{ column }}{{ ' and' if not loop.last }}
            {%- endfor %}
        offset 0
    ) as found
    {%- else -%}
    select * from {{ view }}
    {%- endif -%}
{%- endmacro %}

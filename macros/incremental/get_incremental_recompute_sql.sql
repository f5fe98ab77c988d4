{#- Incremental strategy `recompute`: the touched keys are made equal to what the model says of them now. Rows that
    are gone are deleted, rows that differ are replaced, rows that are the same stay as they are (so a second run
    writes nothing). `unique_key` is the primary key, `recompute_by` the columns that the touched keys have. -#}
{% macro get_incremental_recompute_sql(arg_dict) %}
    {%- set target_relation = arg_dict.target_relation -%}
    {%- set temp_relation = arg_dict.temp_relation -%}
    {%- set columns = arg_dict.dest_columns | map(attribute='quoted') | list -%}
    {%- set primary_key = [config.require('unique_key')] if config.require('unique_key') is string
        else config.require('unique_key') -%}
    {%- set touched_by = context[config.require('touched_by')] -%}
    analyze {{ temp_relation }};

    delete from {{ target_relation }} as kept
    where {% if everything_touched() -%}
        true
        {%- else -%}
        ({% for column in config.require('recompute_by') %}kept.{{ column }}{{ ', ' if not loop.last }}{% endfor %}) in ({{ touched_by() }})
        {%- endif %}
        and not exists (
            select 1
            from {{ temp_relation }} as fresh
            where {% for column in primary_key -%}
                fresh.{{ column }} = kept.{{ column }} and {% endfor -%}
                ({% for column in columns %}fresh.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
                is not distinct from
                ({% for column in columns %}kept.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
        );

    insert into {{ target_relation }} ({{ columns | join(', ') }})
    select {{ columns | join(', ') }}
    from {{ temp_relation }} as fresh
    where not exists (
        select 1
        from {{ target_relation }} as kept
        where {% for column in primary_key -%}
            fresh.{{ column }} = kept.{{ column }}{{ ' and ' if not loop.last }}
        {%- endfor %}
    );
{% endmacro %}

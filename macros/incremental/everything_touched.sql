{#- True where this model makes all of its keys anew: it is a base model that replays days, or a parent started over or
    replayed since this model last read it. Rows that a parent lost by that left no trace of the keys they had, so no
    macro of macros/touched/ can find them. -#}
{% macro everything_touched() %}
    {%- if base_stream(model.name) -%}
        {{ return(replayed_days() is not none) }}
    {%- endif -%}
    {%- set bounds = frozen_bounds() -%}
    {%- set me = model.schema ~ '.' ~ model.alias -%}
    {%- set parents = tracked_parents(model.unique_id) -%}
    {%- set rows = asked_once("
        select exists (
            select 1
            from ops.model_takes as takes
            left join ops.model_inputs as inputs on inputs.model = '" ~ me ~ "' and inputs.input = takes.model
            where takes.model = any(string_to_array('" ~ parents | join(',') ~ "', ','))
                and (takes.take_id <= " ~ bounds.take_id ~ " or takes.invocation_id = '" ~ invocation_id ~ "')
                and takes.take_id > coalesce(inputs.take_id, 0)
                and takes.full_refresh
        )
    ").rows -%}
    {{ return(rows[0][0]) }}
{% endmacro %}

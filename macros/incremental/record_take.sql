{#- post-hook of every table and incremental model, inside its transaction: what it took, and how far it read its
    parents; and fresh statistics where they are old, since what is built next plans by them. -#}
{% macro record_take() %}
    {%- if execute and config.get('materialized') in ('incremental', 'table') -%}
    {%- set me = model.schema ~ '.' ~ model.alias -%}
    {%- set bounds = frozen_bounds() -%}
    {%- set anew = starts_over() or everything_touched() -%}
    {%- set taken = {'any': anew} -%}
    {%- for stream, range in taken_ranges().items() if range.to > range.from or anew %}
        {%- do taken.update({'any': true}) %}
        insert into ops.model_takes (invocation_id, model, stream, from_order, to_order, full_refresh)
        values ('{{ invocation_id }}', '{{ me }}', '{{ stream }}', {{ 0 if anew else range.from }}, {{ range.to }}, {{ anew }});
    {%- endfor %}
    {%- if not base_stream(model.name) -%}
    {%- for parent in tracked_parents(model.unique_id) %}
        insert into ops.model_inputs (model, input, take_id)
        select '{{ me }}', '{{ parent }}', coalesce(max(take_id), 0)
        from ops.model_takes
        where model = '{{ parent }}'
            and (take_id <= {{ bounds.take_id }} or invocation_id = '{{ invocation_id }}')
        on conflict (model, input) do update set take_id = excluded.take_id;
    {%- endfor -%}
    {%- endif -%}
    {%- if taken.any and has_old_statistics(this) %}
        analyze {{ this }};
    {%- endif -%}
    {%- endif -%}
{% endmacro %}

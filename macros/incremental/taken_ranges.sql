{#- Which loads of each stream reach this model now.

    Out: {stream: {'from': exclusive, 'to': inclusive}} in the commit order. A base model takes its one stream up to
    the frozen bound. Any other model takes what its parents took since it last read them, so a parent that failed or
    was left out is caught up later, and a parent that was rebuilt is read again whole. Ranges of several parents are
    merged into their hull: taking a load again is harmless, missing one is not. -#}
{% macro taken_ranges() %}
    {%- set me = model.schema ~ '.' ~ model.alias -%}
    {%- set bounds = frozen_bounds() -%}
    {%- set own_stream = base_stream(model.name) -%}
    {%- if own_stream -%}
        {%- set query -%}
            select
                '{{ own_stream }}' as stream,
                {% if starts_over() -%} 0 {%- else -%}
                coalesce((select max(to_order) from ops.model_takes where model = '{{ me }}'), 0)
                {%- endif %} as from_order,
                coalesce((
                    select max(load_order) from ops.loads
                    where source = '{{ own_stream.split('.')[0] }}' and stream = '{{ own_stream.split('.')[1] }}'
                        and load_order <= {{ bounds.load_order }}
                ), 0) as to_order
        {%- endset -%}
    {%- else -%}
        {%- set query -%}
            select takes.stream, min({{ '0' if starts_over() else 'takes.from_order' }}), max(takes.to_order)
            from ops.model_takes as takes
            left join ops.model_inputs as inputs on inputs.model = '{{ me }}' and inputs.input = takes.model
            where takes.model = any(array[{% for name in tracked_parents(model.unique_id) -%}
                    '{{ name }}'{{ ',' if not loop.last }}{%- endfor %}]::text[])
                and (takes.take_id <= {{ bounds.take_id }} or takes.invocation_id = '{{ invocation_id }}')
                {%- if not starts_over() %} and takes.take_id > coalesce(inputs.take_id, 0){% endif %}
            group by takes.stream
        {%- endset -%}
    {%- endif -%}
    {%- set ranges = {} -%}
    {%- for row in asked_once(query).rows -%}
        {%- do ranges.update({row[0]: {'from': [row[1], row[2]] | min | int, 'to': row[2] | int}}) -%}
    {%- endfor -%}
    {{ return(ranges) }}
{% endmacro %}

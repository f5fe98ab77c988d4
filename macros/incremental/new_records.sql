{#- The raw records that a base model takes now: a query with load_order, sweep_id, load_position, served_at,
    extracted_at, context and record. The bounds are literals, days included, so that old partitions are not read. -#}
{% macro new_records(source_name, stream_name) %}
    {%- set loads = source('ops', 'loads') -%}
    {%- set bounds = none -%}
    {%- if execute and model.resource_type == 'model' -%}
        {%- set range = taken_ranges()[source_name ~ '.' ~ stream_name] -%}
        {%- set bounds = run_query(
            "select min(load_id), max(load_id), min(loaded_on), max(loaded_on) from ops.loads where source = '"
            ~ source_name ~ "' and stream = '" ~ stream_name ~ "' and load_order > " ~ range.from
            ~ " and load_order <= " ~ range.to).rows[0] -%}
    {%- endif -%}
    select
        loads.load_order,
        -- A replayed record was on the list that its dead letter was on.
        coalesce(mended.sweep_id, loads.sweep_id) as sweep_id,
        records.load_position,
        records.served_at,
        records.extracted_at,
        records.context,
        -- Out of its compressed form once, instead of once a field: three times as fast (with a materialized CTE).
        records.record || '{}' as record
    from {{ source(source_name, stream_name) }} as records
    inner join {{ loads }} as loads on records.load_id = loads.load_id
    left join {{ loads }} as mended on loads.replays_load_id = mended.load_id
    where loads.source = '{{ source_name }}' and loads.stream = '{{ stream_name }}'
    {%- if bounds is not none and bounds[0] is not none %}
        and loads.load_order > {{ range.from }} and loads.load_order <= {{ range.to }}
        and records.load_id between {{ bounds[0] }} and {{ bounds[1] }}
        and records.loaded_on between date '{{ bounds[2] }}' and date '{{ bounds[3] }}'
    {%- elif bounds is not none %}
        and false
    {%- endif %}
{%- endmacro %}

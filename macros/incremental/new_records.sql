{#- The raw records that a base model takes now: a query with load_order, sweep_id, load_position, served_at,
    extracted_at, context and record. The bounds are literals, days included, so that old partitions are not read. -#}
{% macro new_records(source_name, stream_name) %}
    {%- set loads = source('ops', 'loads') -%}
    {%- set bounds = none -%}
    {%- if execute and model.resource_type == 'model' -%}
        {%- set stream = source_name ~ '.' ~ stream_name -%}
        {%- set range = taken_ranges()[stream] -%}
        {%- set taken -%}
            loads.source = '{{ source_name }}' and loads.stream = '{{ stream_name }}'
            and (
                loads.load_order > {{ range.from }} and loads.load_order <= {{ range.to }}
                {%- if replayed_days() is not none %} or {{ replayed_loads(stream) }}{% endif %}
            )
        {%- endset -%}
        {%- do refuse_away_days(source_name, stream_name, taken) -%}
        {%- set bounds = run_query(
            "select min(load_id), max(load_id), min(loaded_on), max(loaded_on) from ops.loads as loads where " ~ taken
        ).rows[0] -%}
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
        records.record #> '{}' as record
    from {{ source(source_name, stream_name) }} as records
    inner join {{ loads }} as loads on records.load_id = loads.load_id
    left join {{ loads }} as mended on loads.replays_load_id = mended.load_id
    where
    {%- if bounds is none %} loads.source = '{{ source_name }}' and loads.stream = '{{ stream_name }}'
    {%- elif bounds[0] is none %} false
    {%- else %} {{ taken }}
        and records.load_id between {{ bounds[0] }} and {{ bounds[1] }}
        and records.loaded_on between date '{{ bounds[2] }}' and date '{{ bounds[3] }}'
    {%- endif %}
{%- endmacro %}

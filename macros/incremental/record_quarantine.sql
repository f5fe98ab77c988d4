{#- post-hook of every model, before record_take: how many of the records that a base model takes now it sets aside, by
    load and reason, in the transaction that takes them. Read are the rows that it has just written. -#}
{% macro record_quarantine() %}
    {%- if execute and base_stream(model.name) -%}
    {%- set me = model.schema ~ '.' ~ model.alias -%}
    {%- set range = taken_ranges()[base_stream(model.name)] -%}
    {%- set replays = replayed_days() is not none -%}
    {%- if starts_over() %}
    delete from ops.quarantine_by_load where model = '{{ me }}';
    {%- endif -%}
    {%- if range.to > range.from or replays %}
    with taken as materialized (
        select load_order, violations, count(*) as records
        from {{ this }}
        where (load_order > {{ range.from }} and load_order <= {{ range.to }})
        {%- if replays %} or load_order in (
            select loads.load_order from ops.loads as loads where {{ replayed_loads(base_stream(model.name)) }}
        )
        {%- endif %}
        group by load_order, violations
    ),

    reasons as (
        select load_order, jsonb_object_agg(reason, records) as reasons
        from (
            select load_order, reason, sum(records) as records
            from taken cross join unnest(violations) as reason
            group by load_order, reason
        ) as each_reason
        group by load_order
    )

    insert into ops.quarantine_by_load (model, load_order, records, quarantined, reasons)
    select
        '{{ me }}',
        load_order,
        sum(taken.records),
        coalesce(sum(taken.records) filter (where taken.violations <> '{}'), 0),
        coalesce(reasons.reasons, '{}')
    from taken
    left join reasons using (load_order)
    group by load_order, reasons.reasons
    on conflict (model, load_order) do update set
        records = excluded.records, quarantined = excluded.quarantined, reasons = excluded.reasons;
    {%- endif -%}
    {%- endif -%}
{% endmacro %}
